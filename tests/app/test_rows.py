"""A long layout is folded into rows that a window can show, and its wires go round all boxes."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF

from app.canvas.arrange import layout
from app.canvas.cells import Cells
from app.canvas.geometry import box_rect, flat, input_points, output_points, passes, route
from app.sizes import STEP
from engine.data.sources.sample import Sample
from engine.graph import Graph
from engine.layer import Layer
from engine.templates import start

MAKE = Layer.registry


def chain(count):
    graph = Graph().add("0", MAKE["Input"](size=(8,)))
    for number in range(1, count):
        graph = graph.add(str(number), MAKE["ReLU"](), str(number - 1))
    return graph


def residual(blocks):
    graph, last = Graph().add("in", MAKE["Input"](size=(8,))), "in"
    for i in range(blocks):
        graph = graph.add(f"dense{i}", MAKE["Dense"](units=8), last).add(f"relu{i}", MAKE["ReLU"](), f"dense{i}")
        graph, last = graph.add(f"sum{i}", MAKE["Add"](), f"relu{i}", last), f"sum{i}"
    return graph


def inception(blocks):
    graph, last = Graph().add("in", MAKE["Input"](size=(3, 8, 8))), "in"
    for i in range(blocks):
        for branch in range(3):
            graph = graph.add(f"a{i}{branch}", MAKE["ReLU"](), last).add(
                f"b{i}{branch}", MAKE["ReLU"](), f"a{i}{branch}"
            )
        graph = graph.add(f"join{i}", MAKE["Concatenate"](inputs=3), *[f"b{i}{branch}" for branch in range(3)])
        last = f"join{i}"
    return graph


def placed(graph):
    return layout(graph, frozenset(graph.nodes))


def size(places):
    return max(x for x, _ in places.values()) + 176, max(y for _, y in places.values()) + 56


@pytest.mark.parametrize("count", [2, 5])
def test_a_short_chain_is_one_line(count):
    assert {y for _, y in placed(chain(count)).values()} == {0.0}


def test_a_chain_of_300_boxes_has_the_shape_of_a_screen_and_is_read_row_by_row():
    places = placed(chain(300))
    wide, tall = size(places)
    assert 1.2 < wide / tall < 2.2
    order = [places[str(number)] for number in range(300)]
    assert order == sorted(order, key=lambda place: (place[1], place[0]))
    lengths = [sum(y == row for _, y in order) for row in sorted({y for _, y in order})]
    assert max(lengths[:-1]) - min(lengths[:-1]) == 0
    assert all(x % STEP == y % STEP == 0 for x, y in order)


def test_arranging_a_template_leaves_it_as_it_came():
    source = Sample(name="digits8x8")
    project = start("cnn", source.read(), source)
    assert placed(project.graph) == dict(project.places)


@pytest.mark.parametrize("graph", [residual(9), inception(6)], ids=["residual", "inception"])
def test_blocks_stay_whole(graph):
    """From a row to the next leads one output, however many boxes read it."""
    places = placed(graph)
    wide, tall = size(places)
    assert 0.7 < wide / tall < 3.5
    back = {s for end, s in graph.wires.items() if places[end.node][0] <= places[s.node][0]}
    tops = sorted({places[s.node][1] for s in back})
    assert len(tops) == len(back)
    assert len(back) >= 2


@pytest.mark.parametrize("graph", [chain(40), residual(9), inception(6)], ids=["chain", "residual", "inception"])
def test_no_box_lies_on_another_and_no_wire_runs_through_one(graph):
    places, cells = placed(graph), Cells()
    rects = {node: box_rect(graph.nodes[node], *place) for node, place in places.items()}
    for node, rect in rects.items():
        cells.put(node, rect)
    assert not any(a.intersects(b) for one, a in rects.items() for other, b in rects.items() if one < other)
    for end, source in graph.wires.items():
        begin = rects[source.node].topLeft() + output_points(graph.nodes[source.node])[source.name]
        arrive = rects[end.node].topLeft() + input_points(graph.nodes[end.node])[end.name]
        line = flat(route(QPointF(begin), QPointF(arrive), cells.touching))
        crossed = [node for node, rect in rects.items() if passes(line, rect.adjusted(4, 4, -4, -4))]
        assert crossed == [], (source, end)


def test_what_can_be_cut_nowhere_stays_in_one_row():
    """Every level is joined with one far away, as in a U-Net."""
    graph = chain(8)
    for number in range(4):
        graph = graph.add(f"up{number}", MAKE["Add"](), list(graph.nodes)[-1], str(6 - number))
    steps = sorted({x for x, _ in placed(graph).values()})
    assert len(steps) >= 8
    assert all(b - a == 256 for a, b in pairwise(steps))
