import random
import time

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app import appearance, edits
from app.canvas.arrange import align, arrange, distribute, layout
from app.canvas.canvas import Canvas
from app.canvas.card import count_text
from app.canvas.cells import Cells
from app.canvas.geometry import flat, passes, route
from app.canvas.picture import EDGE, picture
from app.canvas.quick_add import FIRST, fitting, found
from app.canvas.scene import Scene
from app.document import Document
from app.sizes import STEP, WIDTH, height, port_offsets
from app.theme import tokens
from engine.graph import Graph, Port
from engine.layer import Layer
from engine.missing import Missing
from engine.problems import Problem
from engine.project.project import Project

from .test_document import MAKE, chain_project, random_edit


@pytest.fixture
def document(qapp):
    return Document(chain_project())


@pytest.fixture
def canvas(document, qtbot):
    canvas = Canvas(document)
    qtbot.addWidget(canvas)
    canvas.resize(1200, 700)
    canvas.show()
    return canvas


def assert_shows(canvas, document):
    """The scene shows exactly what the document says."""
    graph, scene, project = document.project.graph, canvas.boxes, document.project
    assert scene.nodes.keys() == graph.nodes.keys()
    assert {port: item.source for port, item in scene.wires.items()} == dict(graph.wires)
    assert {n: place for n, _, place in scene.shown()} == {n: edits.place_of(project, n) for n in graph.nodes}
    assert scene.shapes.keys() == {Port(n, name) for n, layer in graph.nodes.items() for name in layer.outputs}
    for node, card, _ in scene.shown():
        assert card.kind == type(graph.nodes[node]).__name__
        assert card.wrong == (node in document.analysis.at)
    for port, item in scene.wires.items():
        start, end = item.ends()
        assert start == scene.nodes[item.source.node].output_point(item.source.name)
        assert end == scene.nodes[port.node].input_point(port.name)
    assert {n: rect.topLeft().toTuple() for n, rect in scene.cells.rects.items()} == {
        n: place for n, _, place in scene.shown()
    }


def test_random_edits_with_undo_and_redo_leave_scene_and_document_equal(canvas, document):
    rng, start = random.Random(11), document.project
    for _ in range(500):
        pick = rng.random()
        if pick < 0.7:
            random_edit(document, rng)
        else:
            (document.undo if pick < 0.88 else document.redo)()
        assert_shows(canvas, document)
    while document.undo_stack.canUndo():
        document.undo()
    assert document.project is start
    assert_shows(canvas, document)


def test_a_box_says_name_kind_parameters_and_count(canvas, document):
    card = canvas.boxes.nodes["a"].card
    assert (card.node, card.kind, card.note, card.count) == ("a", "Dense", "32 units", "160")
    assert canvas.boxes.shapes[Port("a")].text == "32"


def test_shapes_follow_downstream_at_once(canvas, document):
    document.edit("Set", edits.set_param("a", "units", 7))
    assert canvas.boxes.shapes[Port("b")].text == "7"


def test_data_problems_redden_a_box(canvas, document):
    document.extra_problems = [Problem("Column age is not there.", node="in")]
    assert canvas.boxes.nodes["in"].card.wrong
    document.extra_problems = []
    assert not canvas.boxes.nodes["in"].card.wrong


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("zoom", [0.1, 0.3, 0.6, 1.0, 3.0])
def test_every_layer_is_drawn_in_both_themes_at_every_zoom(canvas, document, theme, zoom):
    appearance.apply(theme)
    graph = Graph({name.lower(): kind() for name, kind in MAKE.items()} | {"lost": Missing()})
    document.open(arrange()(Project(graph=graph)))
    document.select({"dense"})
    empty = canvas.grab().toImage()
    canvas.zoom_at(zoom / canvas.zoom, QPointF(600, 350))
    picture = canvas.grab().toImage()
    assert len(_colours(picture)) > 3
    assert picture != empty or zoom == 1.0


def _colours(picture: QImage):
    return {QColor(picture.pixel(x, y)).name() for x in range(0, picture.width(), 5) for y in range(0, 690, 5)}


def test_no_text_is_written_outside_its_box(canvas, document):
    long = "a name that is far too long to stand on a single line of a box"
    document.edit("Rename", edits.rename("a", long))
    canvas.grab()
    from app.canvas.card import TITLE, elided

    assert elided(long, TITLE, True, 120.0).endswith("…")


def test_a_thousand_boxes_are_there_within_a_second(qtbot):
    graph = Graph({"in": MAKE["Input"]()})
    nodes, wires = dict(graph.nodes), {}
    for i in range(1000):
        nodes[f"n{i}"] = MAKE["Dense"]() if i % 2 else MAKE["ReLU"]()
        wires[Port(f"n{i}", "x")] = Port(f"n{i - 1}" if i else "in")
    places = {n: (float(i % 40) * 264, float(i // 40) * 120) for i, n in enumerate(nodes)}
    document = Document()
    canvas = Canvas(document)
    qtbot.addWidget(canvas)
    begun = time.thread_time()  # its own: others may keep the machine busy
    document.open(Project(Graph(nodes, wires), places))
    canvas.fit()
    assert time.thread_time() - begun < 1.5
    assert len(canvas.boxes.nodes) == 1001


@pytest.mark.parametrize("steps", [(120,), (-120,), (120, 120, 120), (-120, -240, 360)])
def test_zooming_keeps_the_point_under_the_pointer(canvas, steps):
    at = QPointF(317, 211)
    for step in steps:
        before = canvas.viewportTransform().inverted()[0].map(at)
        canvas.zoom_at(1.0015**step, at)
        after = canvas.viewportTransform().map(before)
        assert (after - at).manhattanLength() <= 2


def test_zoom_has_limits_and_goes_back_to_one(canvas):
    for _ in range(40):
        canvas.zoom_step(1)
    assert canvas.zoom == 4.0
    for _ in range(80):
        canvas.zoom_step(-1)
    assert canvas.zoom == pytest.approx(0.05)
    canvas.zoom_reset()
    assert canvas.zoom == pytest.approx(1.0)


def test_fit_shows_every_box(canvas, document):
    document.edit("Move", edits.move({"b": (6000.0, 4000.0)}))
    canvas.fit()
    assert canvas.seen().contains(canvas.boxes.content())


def test_arranging_is_one_step_and_no_boxes_overlap(canvas, document, qtbot):
    for kind in ("Dense", "Add", "Concatenate", "Output", "ReLU"):
        document.edit("Add", edits.add(MAKE[kind](), (0.0, 0.0)))
    steps = document.undo_stack.count()
    canvas.arrange()
    assert document.undo_stack.count() == steps + 1
    rects = list(canvas.boxes.cells.rects.values())
    canvas.glide.stop()
    assert_shows(canvas, document)
    rects = list(canvas.boxes.cells.rects.values())
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)


def test_a_layout_flows_from_left_to_right():
    graph = Graph().add("in", MAKE["Input"]()).add("a", MAKE["Dense"](), "in").add("sum", MAKE["Add"](), "a", "in")
    places = layout(graph, frozenset(graph.nodes))
    for end, start in graph.wires.items():
        assert places[start.node][0] < places[end.node][0]
    assert all(x % STEP == 0 for x, _ in places.values())


def test_a_layout_copes_with_a_circle_and_with_nothing():
    circle = Graph().add("a", MAKE["ReLU"]()).add("b", MAKE["ReLU"](), "a").connect("b", "a")
    assert layout(circle, frozenset(circle.nodes)).keys() == {"a", "b"}
    assert layout(Graph(), frozenset()) == {}


def test_align_and_distribute(document):
    document.edit("Move", edits.move({"a": (300.0, 40.0), "b": (512.0, 96.0)}))
    aligned = align(frozenset(["in", "a", "b"]), "top")(document.project)
    assert {y for _, y in aligned.places.values()} == {0.0}
    spread = distribute(frozenset(["in", "a", "b"]), 0)(document.project)
    assert sorted(x for x, _ in spread.places.values()) == [0.0, 256.0, 512.0]


def test_wires_go_round_boxes():
    rng = random.Random(5)
    for _ in range(200):
        cells, boxes = Cells(), []
        for i in range(7):
            rect = QRectF(200 + 256 * i, rng.choice([0, 120, 240]), WIDTH, 56)
            cells.put(str(i), rect)
            boxes.append(rect)
        start, end = rng.sample(boxes, 2)
        begin = QPointF(start.right(), start.center().y())
        arrive = QPointF(end.left(), end.center().y())
        path = route(begin, arrive, cells.touching)
        crossed = [b for b in boxes if passes(flat(path), b.adjusted(4, 4, -4, -4))]
        assert crossed == []


def test_ports_are_spread_evenly_about_the_middle():
    layer = MAKE["Add"](inputs=6)
    offsets = port_offsets(6, height(layer))
    assert offsets[0] + offsets[-1] == pytest.approx(height(layer))
    assert min(offsets) > 8


def test_search_finds_by_start_then_inside_then_sentence():
    kinds = list(Layer.registry.values())
    assert found("conv", kinds)[0] is MAKE["Conv2D"]
    assert found("dens", kinds)[0] is MAKE["Dense"]
    assert found("xyzzy", kinds) == []
    assert len(found("", kinds)) == len(kinds)


def test_what_comes_first_in_the_search_exists():
    assert set(FIRST) <= Layer.registry.keys()


def test_only_layers_that_fit_are_offered():
    flat = fitting((8,))
    assert MAKE["Dense"] in flat
    assert MAKE["Conv2D"] not in flat
    assert MAKE["Input"] not in flat
    image = fitting((3, 8, 8))
    assert MAKE["Conv2D"] in image
    assert MAKE["Dense"] not in image


@pytest.mark.parametrize(
    ("count", "text"), [(None, ""), (0, ""), (160, "160"), (4640, "4,640"), (73_728, "73.7 k"), (1.2e6, "1.2 M")]
)
def test_counts_are_short(count, text):
    assert count_text(count) == text


def test_a_switch_of_theme_paints_every_box_anew(canvas):
    def brightness():
        place = canvas.box_on_screen(next(iter(canvas.boxes.nodes))).center()
        return canvas.viewport().grab().toImage().pixelColor(place.x(), place.y() + 4).lightness()

    appearance.apply("dark")
    dark = brightness()
    appearance.apply("light")
    assert brightness() > dark + 100


def test_the_drawing_of_a_file_is_that_of_the_canvas(document, qapp):
    """A box in a file has its family's colour on its left edge only, and shapes at the far right are whole."""
    scene = Scene(document)
    image = QImage()
    image.loadFromData(picture(scene, ".png"))
    reader = QSvgRenderer(picture(scene, ".svg"))
    drawn = QImage(image.size(), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    reader.render(painter)
    painter.end()
    middle = (scene.nodes["a"].body().center() - (scene.content().topLeft() - QPointF(EDGE, EDGE))) * 2
    for drawing in (image, drawn):
        assert drawing.pixelColor((middle + QPointF(0, 40)).toPoint()).name() == tokens().panel
