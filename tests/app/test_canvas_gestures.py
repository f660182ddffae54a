import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from app import edits
from app.canvas.canvas import Canvas
from app.canvas.clipboard import from_text, new_names, paste, to_text
from app.canvas.gestures.wire import judge
from app.document import Document
from engine.graph import Graph, Port
from engine.layers.dense import Dense
from engine.learning import Learning
from engine.missing import Missing
from engine.problems import Problem, UserError, Wire
from engine.project.project import Project

from .hands import Hands
from .test_canvas import assert_shows
from .test_document import MAKE, chain_project

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
MIDDLE = Qt.MouseButton.MiddleButton


@pytest.fixture
def document(qapp):
    return Document(chain_project())


@pytest.fixture
def canvas(document, qtbot):
    canvas = Canvas(document)
    qtbot.addWidget(canvas)
    canvas.resize(1200, 700)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.activateWindow()
    canvas.setFocus()
    canvas.zoom_reset()
    return canvas


@pytest.fixture
def hands(canvas):
    return Hands(canvas)


def wires(document):
    return dict(document.project.graph.wires)


VOID = QPointF(600, 600)


# Dragging in.


def test_a_layer_dropped_from_the_palette_lies_under_the_pointer_and_is_selected(document, canvas, hands):
    hands.drop("Conv2D", VOID)
    assert "conv2d" in document.project.graph.nodes
    assert canvas.box_on_screen("conv2d").contains(VOID.toPoint())
    assert document.selection == {"conv2d"}
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Add Conv2D"


def test_a_layer_dropped_on_a_wire_is_inserted_in_one_step(document, canvas, hands):
    middle = (hands.output("a") + hands.input("b")) / 2
    hands.drop("ReLU", middle)
    assert wires(document)[Port("relu", "x")] == Port("a")
    assert wires(document)[Port("b", "x")] == Port("relu")
    assert document.undo_stack.count() == 1
    document.undo()
    assert document.project == chain_project()


def test_other_drags_are_let_pass(document, hands):
    hands.drop("Conv2D", VOID, mime="text/plain")
    hands.drop("NoSuchLayer", VOID)
    assert document.project == chain_project()


def test_a_drag_that_leaves_adds_nothing(document, canvas, hands):
    hands.bring("Dense", VOID)
    count = len(canvas.boxes.items())
    hands.leave()
    assert len(canvas.boxes.items()) == count - 1
    assert document.project == chain_project()


# Moving.


def test_a_box_is_moved_on_the_grid_in_one_step(document, canvas, hands):
    hands.drag(hands.body("a"), hands.body("a") + QPointF(37, 90))
    assert document.project.places["a"] == (296.0, 88.0)
    assert document.undo_stack.count() == 1
    assert_shows(canvas, document)


def test_all_selected_boxes_move_together(document, hands):
    document.select({"a", "b"})
    hands.drag(hands.body("a"), hands.body("a") + QPointF(0, 80))
    assert [document.project.places[n][1] for n in ("in", "a", "b")] == [0.0, 80.0, 80.0]
    assert document.undo_stack.count() == 1


def test_a_click_selects_and_shift_adds(document, hands):
    hands.click(hands.body("a"))
    assert document.selection == {"a"}
    hands.click(hands.body("b"), keys=SHIFT)
    assert document.selection == {"a", "b"}
    hands.click(hands.body("b"), keys=SHIFT)
    assert document.selection == {"a"}
    hands.click(VOID)
    assert document.selection == frozenset()
    assert document.undo_stack.count() == 0


def test_a_loose_box_let_go_on_a_wire_is_inserted(document, canvas, hands):
    document.edit("Add", edits.add(MAKE["ReLU"](), (250.0, 200.0), "loose"))
    middle = (hands.output("a") + hands.input("b")) / 2
    hands.drag(hands.body("loose"), middle)
    assert wires(document)[Port("loose", "x")] == Port("a")
    assert wires(document)[Port("b", "x")] == Port("loose")
    assert document.undo_stack.count() == 2


def test_arrows_nudge_and_a_row_of_nudges_is_one_step(document, canvas, qtbot):
    document.select({"a"})
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Down, SHIFT)
    assert document.project.places["a"] == (280.0, 32.0)
    assert document.undo_stack.count() == 1


# Wiring.


def test_a_wire_is_drawn_from_output_to_input_and_in_reverse(document, hands):
    document.edit("Add", edits.add(MAKE["ReLU"](), (300.0, 200.0), "c"))
    hands.drag(hands.output("a"), hands.input("c"))
    assert wires(document)[Port("c", "x")] == Port("a")
    document.undo()
    hands.drag(hands.input("c"), hands.output("a"))
    assert wires(document)[Port("c", "x")] == Port("a")


def test_a_wire_dropped_on_a_box_takes_its_first_free_input(document, hands):
    document.edit("Add", edits.add(MAKE["Add"](), (300.0, 200.0), "sum"))
    hands.drag(hands.output("in"), hands.body("sum"))
    hands.drag(hands.output("a"), hands.body("sum"))
    assert wires(document)[Port("sum", "x1")] == Port("in")
    assert wires(document)[Port("sum", "x2")] == Port("a")


def test_a_circle_is_refused_with_the_reason_beside_the_pointer(document, canvas, hands):
    document.edit("Unwire", edits.unwire(Port("a", "x")))
    before = document.project
    hands.carry(hands.output("b"), hands.input("a"))
    assert canvas.hint.isVisible()
    assert "circle" in canvas.hint.text()
    hands.release(hands.input("a"))
    assert document.project is before
    assert not canvas.hint.isVisible()


def test_shapes_that_do_not_fit_are_said_before_the_drop_and_wired_with_a_fix(document, canvas, hands):
    document.edit("Add", edits.add(MAKE["Conv2D"](), (300.0, 200.0), "c"))
    hands.carry(hands.output("a"), hands.input("c"))
    assert "Conv2D" in canvas.hint.text()
    assert canvas.gesture._draft.mood == "wrong"
    hands.release(hands.input("c"))
    assert wires(document)[Port("c", "x")] == Port("a")
    assert "c" in document.analysis.at


def test_judging_changes_nothing_and_names_the_reason():
    graph = chain_project().graph
    assert judge(graph, Port("in"), Port("b", "x")).made
    assert not judge(graph, Port("b"), Port("a", "x")).made


def test_the_end_of_a_wire_dragged_off_unwires(document, hands):
    hands.drag(hands.input("b"), VOID)
    assert Port("b", "x") not in wires(document)
    assert document.undo_stack.undoText() == "Remove wire"


def test_the_end_of_a_wire_dragged_to_another_input_moves_it(document, hands):
    document.edit("Add", edits.add(MAKE["ReLU"](), (300.0, 200.0), "c"))
    hands.drag(hands.input("b"), hands.input("c"))
    assert wires(document) == {Port("a", "x"): Port("in"), Port("c", "x"): Port("a")}
    assert document.undo_stack.count() == 2


def test_the_end_of_a_wire_let_go_where_it_was_changes_nothing(document, canvas, hands):
    before = document.project
    hands.carry(hands.input("b"), VOID)
    hands.move(hands.input("b"))
    hands.release(hands.input("b"))
    assert document.project is before
    assert canvas.boxes.wires[Port("b", "x")].isVisible()


def test_a_wire_dropped_in_the_void_offers_what_fits_and_the_chosen_one_comes_wired(document, canvas, hands, qtbot):
    hands.drag(hands.output("b"), VOID)
    assert canvas.adder.isVisible()
    names = [canvas.adder.list.item(i).text() for i in range(canvas.adder.list.count())]
    assert "Dense" in names
    assert "Conv2D" not in names
    qtbot.keyClicks(canvas.adder.search, "dense")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)
    assert wires(document)[Port("dense", "x")] == Port("b")
    assert document.undo_stack.count() == 1


def test_a_wire_drawn_backwards_into_the_void_is_fed_by_the_chosen_one(document, canvas, hands, qtbot):
    document.edit("Unwire", edits.unwire(Port("b", "x")))
    hands.drag(hands.input("b"), VOID)
    qtbot.keyClicks(canvas.adder.search, "relu")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)
    assert wires(document)[Port("b", "x")] == Port("relu")


# Quick-add.


@pytest.mark.parametrize("way", ["double click", "tab"])
def test_quick_add_puts_the_found_layer_at_the_pointer(document, canvas, hands, qtbot, way):
    hands.move(VOID, button=Qt.MouseButton.NoButton)
    if way == "tab":
        qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    else:
        hands.double_click(VOID)
    qtbot.keyClicks(canvas.adder.search, "conv")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)
    assert type(document.project.graph.nodes["conv2d"]).__name__ == "Conv2D"
    assert canvas.box_on_screen("conv2d").contains(VOID.toPoint())
    assert not canvas.adder.isVisible()


def test_escape_in_quick_add_adds_nothing(document, canvas, hands, qtbot):
    hands.double_click(VOID)
    qtbot.keyClicks(canvas.adder.search, "conv")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Escape)
    assert not canvas.adder.isVisible()
    assert document.project == chain_project()


def test_quick_add_says_where_nothing_is_found(canvas, qtbot):
    canvas.quick_add()
    qtbot.keyClicks(canvas.adder.search, "xyzzy")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)
    assert "xyzzy" in canvas.adder.help.text()
    assert canvas.adder.isVisible()


def test_quick_add_stays_inside_the_canvas(canvas, hands):
    hands.double_click(QPointF(1190, 690))
    assert canvas.viewport().rect().contains(canvas.adder.geometry())
    canvas.resize(700, 260)
    hands.double_click(QPointF(600, 200))
    assert canvas.viewport().rect().contains(canvas.adder.geometry())


# Escape.


def begin_wire(hands, document):
    hands.carry(hands.output("b"), VOID)


def begin_unwire(hands, document):
    hands.carry(hands.input("b"), VOID)


def begin_move(hands, document):
    hands.carry(hands.body("a"), VOID)


def begin_band(hands, document):
    hands.carry(VOID, QPointF(10, 10))


def begin_pan(hands, document):
    hands.carry(VOID, QPointF(10, 10), button=MIDDLE)


def begin_drop(hands, document):
    hands.bring("Dense", VOID)


@pytest.mark.parametrize("begin", [begin_wire, begin_unwire, begin_move, begin_band, begin_pan, begin_drop])
def test_escape_in_every_gesture_leaves_document_and_picture_as_they_were(document, canvas, hands, qtbot, begin):
    hands.move(VOID, button=Qt.MouseButton.NoButton)
    document.select({"b"})
    before, items, seen = document.project, len(canvas.boxes.items()), canvas.seen()
    begin(hands, document)
    assert canvas.gesture is not None
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.gesture is None
    hands.release(VOID)
    assert document.project is before
    assert document.undo_stack.count() == 0
    assert len(canvas.boxes.items()) == items
    assert all(item.isVisible() for item in canvas.boxes.items())
    assert document.selection == {"b"}
    assert canvas.seen().topLeft().toPoint() == seen.topLeft().toPoint()
    assert_shows(canvas, document)


def test_undo_during_a_gesture_ends_it(document, canvas, hands):
    document.edit("Add", edits.add(MAKE["ReLU"](), (300.0, 200.0), "c"))
    hands.carry(hands.body("c"), VOID)
    document.undo()
    assert canvas.gesture is None
    hands.release(VOID)
    assert_shows(canvas, document)


# Seeing.


def test_a_rubber_band_selects_what_it_touches(document, hands):
    hands.drag(hands.body("a") - QPointF(0, 120), hands.body("b") + QPointF(0, 60))
    assert document.selection == {"a", "b"}
    hands.drag(hands.body("in") - QPointF(0, 120), hands.body("in") + QPointF(10, 0), keys=SHIFT)
    assert document.selection == {"in", "a", "b"}


def test_middle_drag_and_space_drag_pan(canvas, hands, qtbot):
    before = canvas.seen().topLeft()
    hands.drag(VOID, VOID + QPointF(50, -30), button=MIDDLE)
    assert (canvas.seen().topLeft() - before).toPoint().toTuple() == (-50, 30)
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    hands.drag(VOID, VOID - QPointF(50, -30))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.seen().topLeft().toPoint() == before.toPoint()


def test_the_wheel_zooms_at_the_pointer(canvas):
    at = QPointF(400, 300)
    before = canvas.viewportTransform().inverted()[0].map(at)
    event = QWheelEvent(
        at,
        canvas.viewport().mapToGlobal(at),
        QPointF(0, 0).toPoint(),
        QPointF(0, 240).toPoint(),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.zoom > 1.3
    assert (canvas.viewportTransform().map(before) - at).manhattanLength() <= 2


def test_show_node_brings_a_far_box_into_view(document, canvas):
    document.edit("Move", edits.move({"b": (9000.0, 9000.0)}))
    canvas.show_node("b")
    assert canvas.seen().contains(canvas.boxes.nodes["b"].body())
    assert document.selection == {"b"}


# Clipboard.


def test_three_wired_boxes_keep_their_inner_wires_also_between_windows(document, canvas, qtbot):
    canvas.select_all()
    canvas.copy()
    other = Document(Project())
    window = Canvas(other)
    qtbot.addWidget(window)
    window.paste()
    assert dict(other.project.graph.wires) == wires(document)
    assert other.selection == {"in", "a", "b"}
    assert other.undo_stack.count() == 1
    assert '"Dense"' in QGuiApplication.clipboard().text()


def test_duplicate_gives_free_names_and_new_places(document, canvas):
    document.select({"a", "b"})
    canvas.duplicate()
    assert document.selection == {"a_2", "b_2"}
    assert wires(document)[Port("b_2", "x")] == Port("a_2")
    assert document.project.places["a_2"] != document.project.places["a"]
    canvas.duplicate()
    assert document.selection == {"a_3", "b_3"}


def test_cut_heals_and_is_one_step(document, canvas):
    document.select({"a"})
    canvas.cut()
    assert wires(document) == {Port("b", "x"): Port("in")}
    assert document.undo_stack.count() == 1


def test_delete_key_deletes(document, canvas, qtbot):
    document.select({"a"})
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert document.project.graph.nodes.keys() == {"in", "b"}
    assert wires(document) == {Port("b", "x"): Port("in")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        "[1]",
        '{"netwright": "boxes 1"}',
        '{"netwright": "boxes 1", "boxes": 3, "wires": []}',
        '{"netwright": "boxes 1", "boxes": [], "wires": []}',
        '{"netwright": "boxes 1", "boxes": [{"name": "a", "layer": {"type": "Dense"}, "place": [1e300, 0]}], "wires": []}',
        "[" * 100_000,
    ],
)
def test_foreign_text_pastes_nothing_and_says_why(document, canvas, qtbot, text):
    with pytest.raises(UserError):
        from_text(text)
    QGuiApplication.clipboard().setText(text)
    with qtbot.waitSignal(canvas.said):
        canvas.paste()
    assert document.project == chain_project()


def test_an_unknown_layer_is_pasted_as_a_missing_box():
    graph = Graph().add("x", MAKE["Dense"]())
    text = to_text(Project(graph=graph), frozenset(["x"])).replace("Dense", "Wormhole")
    assert isinstance(from_text(text).graph.nodes["x"], Missing)


# Problems on the canvas.


def test_the_selected_box_in_trouble_shows_sentence_and_fix_and_the_fix_is_one_step(document, canvas, hands):
    document.edit("Set", edits.set_param("in", "size", (1, 8, 8)))
    hands.click(hands.body("a"))
    assert canvas.advice.isVisible()
    assert "flat" in canvas.advice.problems[0].what
    button = canvas.advice.findChildren(QPushButton)[0]
    button.click()
    assert document.analysis.problems == ()
    assert not canvas.advice.isVisible()
    assert document.undo_stack.count() == 2


def test_hovering_a_box_in_trouble_shows_it_too(document, canvas, hands):
    document.edit("Set", edits.set_param("in", "size", (1, 8, 8)))
    hands.move(hands.body("a"), button=Qt.MouseButton.NoButton)
    assert canvas.advice.isVisible()
    hands.move(VOID, button=Qt.MouseButton.NoButton)
    assert not canvas.advice.isVisible()


def test_the_pointer_reaches_the_button_below_a_hovered_box(document, canvas, hands):
    document.edit("Set", edits.set_param("in", "size", (1, 8, 8)))
    hands.move(hands.body("a"), button=Qt.MouseButton.NoButton)
    gap = QPointF(hands.body("a").x(), canvas.box_on_screen("a").bottom() + 8)
    hands.move(gap, button=Qt.MouseButton.NoButton)
    assert canvas.advice.isVisible()


def test_add_layer_finds_a_free_spot(document, canvas):
    canvas.add_layer("ReLU")
    canvas.add_layer("ReLU")
    rects = list(canvas.boxes.cells.rects.values())
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)


def test_a_pasted_box_shares_with_the_pasted_one():
    shares = Dense(learning=Learning(shares="dense"))
    project = edits.chain(edits.add(Dense(), (0, 0), "dense"), edits.add(shares, (0, 0), "twin"))(Project())
    boxes = from_text(to_text(project, frozenset(("dense", "twin"))))
    pasted = paste(boxes, new_names(project.graph, boxes.graph))(project)
    assert pasted.graph.nodes["twin_2"].learning.shares == "dense_2"
    alone = from_text(to_text(project, frozenset(("twin",))))
    pasted = paste(alone, new_names(project.graph, alone.graph))(project)
    assert pasted.graph.nodes["twin_2"].learning.shares == "dense"


def test_the_advice_has_room_for_all_that_it_says(canvas):
    def too_low():
        parts = [p for p in canvas.advice.children() if isinstance(p, QLabel | QPushButton) and not p.isHidden()]
        return [p.text() for p in parts if p.height() < max(p.heightForWidth(p.width()), p.minimumSizeHint().height())]

    wire = Problem("Input x is not wired.", node="a", fixes=(Wire("in"),))
    target = Problem("It has no target. Choose the column that is to be predicted by this network.", node="a")
    for problems in ((wire,), (wire, target), (target,), (target, wire, wire)):
        canvas.advice.show_problems(problems)
        canvas.advice.place(QRect(100, 100, 80, 40))
        QApplication.processEvents()
        assert too_low() == []
        assert canvas.advice.childrenRect().bottom() < canvas.advice.height()


# Behind what is selected.


def add_by_keys(canvas, qtbot, word):
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    qtbot.keyClicks(canvas.adder.search, word)
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)


def assert_apart(canvas):
    rects = list(canvas.boxes.cells.rects.values())
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)


def test_a_network_grows_with_keys_alone(canvas, document, qtbot):
    document.open(Project())
    for word in ("input", "dense", "relu", "dense", "output"):
        add_by_keys(canvas, qtbot, word)
    assert wires(document) == {
        Port("dense", "x"): Port("input"),
        Port("relu", "x"): Port("dense"),
        Port("dense_2", "x"): Port("relu"),
        Port("output", "x"): Port("dense_2"),
    }
    assert_apart(canvas)
    assert document.undo_stack.count() == 5
    assert canvas.seen().contains(canvas.boxes.nodes["output"].body())


def test_quick_add_behind_a_box_with_one_follower_comes_between(canvas, document, qtbot):
    document.select({"a"})
    add_by_keys(canvas, qtbot, "relu")
    assert wires(document)[Port("relu", "x")] == Port("a")
    assert wires(document)[Port("b", "x")] == Port("relu")
    assert_apart(canvas)
    assert document.undo_stack.count() == 1


def test_quick_add_behind_a_box_with_several_followers_begins_a_branch(canvas, document, qtbot):
    document.edit("Add", edits.behind("b", Dense(), "c"))
    document.edit("Add", edits.chain(edits.add(Dense(), (2000, 400), "d"), edits.wire(Port("b"), Port("d", "x"))))
    before = wires(document)
    document.select({"b"})
    add_by_keys(canvas, qtbot, "relu")
    assert wires(document) == before | {Port("relu", "x"): Port("b")}
    assert_apart(canvas)


def test_quick_add_says_behind_which_box(canvas, document, qtbot):
    document.select({"a"})
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert "behind a" in canvas.adder.search.placeholderText()
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Escape)
    document.select(())
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert "behind" not in canvas.adder.search.placeholderText()


def test_a_layer_chosen_in_the_palette_follows_the_selected_box(canvas, document):
    document.select({"b"})
    canvas.add_layer("ReLU")
    canvas.add_layer("Output")
    assert wires(document)[Port("relu", "x")] == Port("b")
    assert wires(document)[Port("output", "x")] == Port("relu")
    canvas.add_layer("Dense")  # nothing follows an Output
    assert Port("dense", "x") not in wires(document)
    assert_apart(canvas)


def test_a_box_that_is_put_into_a_wire_does_not_lie_on_the_one_before_it(canvas, document, hands):
    start, end = hands.output("in"), hands.input("a")
    hands.drop("Flatten", start + (end - start) * 0.3)
    assert wires(document)[Port("flatten", "x")] == Port("in")
    assert_apart(canvas)


def test_copies_lie_beside_what_was_copied(canvas, document):
    document.select({"in", "a", "b"})
    canvas.duplicate()
    canvas.duplicate()
    assert_apart(canvas)


# The right button.


def right_click(canvas, at, reason=QContextMenuEvent.Reason.Mouse):
    QApplication.sendEvent(canvas.viewport(), QContextMenuEvent(reason, at.toPoint(), canvas.mapToGlobal(at.toPoint())))


def test_the_right_button_selects_what_lies_there_and_asks_for_its_menu(document, canvas, hands, qtbot):
    for at, chosen in ((hands.body("a"), {"a"}), (VOID, set()), (hands.body("b"), {"b"})):
        with qtbot.waitSignal(canvas.asked) as asked:
            right_click(canvas, at)
        assert document.selection == chosen
        assert asked.args[1] is None
    document.select({"a", "b"})
    right_click(canvas, hands.body("a"))
    assert document.selection == {"a", "b"}


def between(hands):
    return (hands.output("in") + hands.input("a")) / 2


def test_the_right_button_on_a_wire_asks_for_the_wires_menu(canvas, hands, qtbot):
    with qtbot.waitSignal(canvas.asked) as asked:
        right_click(canvas, between(hands))
    assert asked.args[1] == Port("a", "x")


def test_the_menu_key_asks_for_the_menu_of_what_is_selected(document, canvas, hands, qtbot):
    document.select({"a"})
    with qtbot.waitSignal(canvas.asked) as asked:
        right_click(canvas, QPointF(3, 3), QContextMenuEvent.Reason.Keyboard)
    assert document.selection == {"a"}
    assert canvas.box_on_screen("a").contains(canvas.viewport().mapFromGlobal(asked.args[0]))


def test_a_double_click_on_a_wire_offers_layers_that_come_into_it(document, canvas, hands, qtbot):
    hands.double_click(between(hands))
    names = [canvas.adder.list.item(i).text() for i in range(canvas.adder.list.count())]
    assert "ReLU" in names
    assert "Output" not in names
    qtbot.keyClicks(canvas.adder.search, "relu")
    qtbot.keyClick(canvas.adder.search, Qt.Key.Key_Return)
    assert wires(document)[Port("relu", "x")] == Port("in")
    assert wires(document)[Port("a", "x")] == Port("relu")
    assert_apart(canvas)
    assert document.undo_stack.count() == 1


def test_a_long_chain_stays_readable_while_it_grows(document, canvas, qtbot):
    document.open(Project())
    for _ in range(12):
        canvas.add_layer("ReLU")
        (node,) = document.selection
        assert canvas.seen().contains(canvas.boxes.nodes[node].body())
        assert canvas.zoom >= 0.5


def test_the_selection_walks_along_the_wires(document, canvas):
    for step, chosen in (
        (canvas.select_next, "in"),
        (canvas.select_next, "a"),
        (canvas.select_next, "b"),
        (canvas.select_next, "b"),
        (canvas.select_previous, "a"),
        (canvas.select_previous, "in"),
        (canvas.select_previous, "in"),
    ):
        step()
        assert document.selection == {chosen}


def test_a_box_that_is_pointed_at_says_its_hint(document, canvas, hands):
    project = Project()
    for layer in ("Input", "Dense", "Softmax", "Output"):
        last = list(project.graph.nodes)[-1:]
        kind = MAKE[layer]()
        change = edits.behind(last[0], kind, layer.lower()) if last else edits.add(kind, (0, 0), layer.lower())
        project = change(project)
    document.open(project)
    hands.move(hands.body("dense"), button=Qt.MouseButton.NoButton)
    assert not canvas.advice.isVisible()
    hands.move(hands.body("softmax"), button=Qt.MouseButton.NoButton)
    assert canvas.advice.isVisible()
    canvas.advice.findChildren(QPushButton)[0].click()
    assert wires(document)[Port("output", "x")] == Port("dense")
