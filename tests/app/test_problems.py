import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app import appearance, edits
from app.document import Document
from app.problems.panel import MOST, ProblemRow, ProblemsPanel
from engine.graph import Graph, Port
from engine.problems import Problem
from engine.project.project import Project

from .test_document import MAKE


@pytest.fixture
def document(qapp):
    graph = (
        Graph().add("in", MAKE["Input"](size=(1, 8, 8))).add("a", MAKE["Dense"](), "in").add("loose", MAKE["ReLU"]())
    )
    return Document(Project(graph=graph, places={"in": (0.0, 0.0), "a": (256.0, 0.0)}))


@pytest.fixture
def panel(document, qtbot):
    panel = ProblemsPanel(document)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    return panel


def row_of(panel, node):
    return next(row for row in panel.rows.values() if row.problem.node == node)


def test_every_problem_is_a_row_and_the_count_is_told(document, panel, qtbot):
    assert panel.count == len(document.analysis.problems) == len(panel.rows) == 2
    with qtbot.waitSignal(panel.counted) as told:
        document.edit("Delete", edits.delete(["loose"]))
    assert told.args == [1]
    assert len(panel.rows) == 1


def test_a_fix_is_one_step_and_its_row_goes(document, panel):
    row_of(panel, "a").findChildren(QPushButton)[0].click()
    assert document.undo_stack.count() == 1
    assert "a" not in document.analysis.at
    assert all(row.problem.node != "a" for row in panel.rows.values())
    document.undo()
    assert row_of(panel, "a")


def test_a_click_and_enter_go_to_the_box(document, panel, qtbot):
    with qtbot.waitSignal(panel.went) as went:
        qtbot.mouseClick(row_of(panel, "a"), Qt.MouseButton.LeftButton)
    assert went.args == ["a"]
    assert document.selection == {"a"}
    with qtbot.waitSignal(panel.went) as went:
        qtbot.keyClick(row_of(panel, "loose"), Qt.Key.Key_Return)
    assert went.args == ["loose"]


def test_rows_of_problems_that_stay_are_kept(document, panel):
    kept = row_of(panel, "a")
    document.edit("Delete", edits.delete(["loose"]))
    assert row_of(panel, "a") is kept


def test_data_problems_are_listed_too(document, panel):
    document.extra_problems = [Problem("There is no data yet. Choose some.")]
    assert panel.count == 3
    assert any(row.problem.node is None for row in panel.rows.values())


def test_a_thousand_problems_show_the_first_and_say_how_many_more(document, panel):
    document.extra_problems = [Problem(f"Row {i} is empty.") for i in range(1000)]
    assert panel.count == 1002
    assert len(panel.rows) == MOST
    assert str(1002 - MOST) in panel._more.text()


def test_without_problems_it_says_so(document, panel):
    document.open(Project())
    assert panel.calm.isVisible()
    assert panel.count == 0


def test_it_follows_the_theme(document, panel):
    appearance.apply("light")
    assert len(panel.rows) == 2
    assert not panel.grab().toImage().isNull()


def test_every_row_and_button_speaks(panel):
    assert all(row.accessibleName() for row in panel.rows.values())
    assert all(button.text() for button in panel.findChildren(QPushButton))


def test_an_empty_network_is_not_called_ready(qtbot):
    document = Document(Project())
    panel = ProblemsPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.calm.text().startswith("There are no boxes yet.")
    graph = Graph().add("in", MAKE["Input"](size=(4,))).add("out", MAKE["Output"](), "in")
    document.edit("Draw", lambda project: project.with_(graph=graph))
    assert panel.calm.text() == "Nothing stands in the way of training."


def test_the_keys_stay_in_the_panel_when_a_row_is_mended_away(document, panel, qtbot):
    qtbot.waitExposed(panel)
    panel.activateWindow()
    button = row_of(panel, "a").findChildren(QPushButton)[0]
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    button.click()
    assert panel.isAncestorOf(panel.window().focusWidget())
    assert isinstance(panel.window().focusWidget(), ProblemRow)


def test_hints_stand_below_problems_and_do_not_count(document, panel):
    graph = Graph().add("in", MAKE["Input"](size=(4,))).add("a", MAKE["Dense"](units=3), "in")
    graph = graph.add("soft", MAKE["Softmax"](), "a").add("out", MAKE["Output"](), "soft")
    document.open(Project(graph=graph))
    assert panel.count == 0
    assert panel.calm.isVisible()
    row = row_of(panel, "soft")
    assert row.accessibleName().startswith("Hint: ")
    row.findChildren(QPushButton)[0].click()
    assert "soft" not in document.project.graph.nodes
    assert "soft" not in document.project.places
    assert document.project.graph.wires[Port("out", "x")] == Port("a")
    assert not panel.rows
