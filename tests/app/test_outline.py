import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from app import edits
from app.document import Document
from app.outline.model import OutlineModel
from app.outline.panel import OutlinePanel
from engine.graph import Graph, Port
from engine.project.project import Project

from .test_document import MAKE, chain_project, random_edit


@pytest.fixture
def document(qapp):
    return Document(chain_project())


@pytest.fixture
def panel(document, qtbot):
    panel = OutlinePanel(document)
    qtbot.addWidget(panel)
    panel.resize(600, 300)
    panel.show()
    return panel


def texts(model, parent=None):
    at = model.index_of(parent) if parent else model.index(-1, 0)
    count, columns = model.rowCount(at), model.columnCount()
    return [tuple(model.data(model.index(i, c, at)) for c in range(columns)) for i in range(count)]


def actions(menu):
    return {action.text(): action for action in menu.actions()}


def test_boxes_stand_in_order_with_shape_and_parameters(document):
    model = OutlineModel(document)
    assert texts(model) == [("in", "Input", "4", ""), ("a", "Dense", "32", "160"), ("b", "ReLU", "32", "")]
    assert texts(model, "a") == [("x ← in", "", "4", "")]


def test_the_model_obeys_qt_while_the_document_changes(document):
    import random

    model = OutlineModel(document)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rng = random.Random(2)
    for _ in range(120):
        random_edit(document, rng)
        assert {node for node, _ in model.rows} == set(document.project.graph.nodes)
    assert tester.model() is model


def test_selection_is_one_with_the_document(document, panel):
    document.select({"b"})
    assert [panel.outline.node_of(i) for i in panel.selectionModel().selectedRows()] == ["b"]
    panel.setCurrentIndex(panel.outline.index_of("a"))
    assert document.selection == {"a"}


def test_selection_outlives_a_rebuild(document, panel):
    document.select({"b"})
    document.edit("Add", edits.add(MAKE["Dense"](), (0.0, 0.0)))
    assert document.selection == {"b"}
    assert [panel.outline.node_of(i) for i in panel.selectionModel().selectedRows()] == ["b"]


def test_enter_goes_to_the_box(document, panel, qtbot):
    panel.setCurrentIndex(panel.outline.index_of("a"))
    with qtbot.waitSignal(panel.went) as went:
        panel.activated.emit(panel.currentIndex())
    assert went.args == ["a"]


def test_boxes_are_wired_from_the_menu(document, panel):
    document.edit("Add", edits.add(MAKE["ReLU"](), (0.0, 0.0), "c"))
    to = actions(panel.menu_for("b"))["&Wire to"].menu()
    assert "a, input x" not in actions(to)
    actions(to)["c, input x"].trigger()
    assert document.project.graph.wires[Port("c", "x")] == Port("b")
    menu = panel.menu_for("c", Port("c", "x"))
    assert set(actions(actions(menu)["Wire &from"].menu())) == {"in", "a", "b"}
    actions(menu)["&Remove wire"].trigger()
    assert Port("c", "x") not in document.project.graph.wires


def test_delete_deletes(document, panel, qtbot):
    panel.setCurrentIndex(panel.outline.index_of("a"))
    qtbot.keyClick(panel, Qt.Key.Key_Delete)
    assert "a" not in document.project.graph.nodes


def test_a_row_speaks_its_problem(document):
    document.edit("Set", edits.set_param("in", "size", (1, 8, 8)))
    model = OutlineModel(document)
    spoken = model.data(model.index_of("a"), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("a, Dense. ")
    assert "flat" in spoken


def test_a_circle_is_shown_all_the_same(qapp):
    circle = Graph().add("a", MAKE["ReLU"]()).add("b", MAKE["ReLU"](), "a").connect("b", "a")
    model = OutlineModel(Document(Project(graph=circle)))
    assert {row[0] for row in texts(model)} == {"a", "b"}


def test_a_narrow_outline_shows_all_its_columns(panel, qtbot):
    panel.resize(500, 200)
    qtbot.waitExposed(panel)
    header = panel.header()
    assert header.length() <= panel.viewport().width()
    assert all(header.sectionSize(i) >= header.sectionSizeHint(i) for i in range(header.count()))
