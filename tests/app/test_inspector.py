import pytest
from PySide6.QtTest import QTest

from app import edits
from app.canvas.card import card_of
from app.document import Document
from app.inspector.box_page import BoxPage
from app.inspector.inspector import Inspector
from app.inspector.numbers import short
from app.inspector.other_pages import ProjectPage, SeveralPage
from engine.graph import Port
from engine.layers.dense import Dense

from .window_parts import small_project


@pytest.fixture
def document(qapp):
    return Document(small_project())


@pytest.fixture
def inspector(qtbot, document):
    inspector = Inspector(document)
    qtbot.addWidget(inspector)
    inspector.show()
    return inspector


def test_it_shows_what_is_selected(inspector, document):
    assert isinstance(inspector.page, ProjectPage)
    document.select(["dense"])
    assert isinstance(inspector.page, BoxPage)
    document.select(["dense", "input"])
    assert isinstance(inspector.page, SeveralPage)
    document.select([])
    assert isinstance(inspector.page, ProjectPage)


def test_the_page_of_the_project_is_kept_and_shows_what_changed_meanwhile(inspector, document):
    project = inspector.page
    document.select(["dense"])
    assert not project.isVisible()
    training = document.project.training.with_(epochs=7)
    document.edit("Change epochs", lambda before: before.with_(training=training))
    document.select([])
    assert inspector.page is project
    assert project.isVisible()
    assert project.training.editor("epochs").value() == 7
    assert project.facts.texts()["boxes"] == "3"


def test_pages_of_boxes_are_gone_once_another_is_shown(qtbot, inspector, document):
    for chosen in (["dense"], ["input"], ["dense", "input"], [], ["output"]):
        document.select(chosen)
    pages = [BoxPage, SeveralPage, ProjectPage]
    qtbot.waitUntil(lambda: [len(inspector.findChildren(kind)) for kind in pages] == [1, 0, 1])
    assert inspector.page.node == "output"


def test_another_page_is_seen_from_its_top(qtbot, inspector, document):
    inspector.resize(280, 200)
    bar = inspector.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    document.select(["dense"])
    assert bar.value() == 0


def test_this_box_says_shapes_and_sizes(inspector, document):
    document.select(["dense"])
    assert inspector.page.facts.texts() == {"in": "4", "out": "3", "parameters": "15", "multiply-adds": "12"}
    inspector.page.form.editor("units").box.setValue(5)
    assert inspector.page.facts.texts()["out"] == "5"


def test_how_weights_learn_is_said_on_the_box_and_undone(inspector, document):
    document.edit("Add", edits.add(Dense(units=3), (0, 0), "twin"))
    document.edit("Wire", edits.wire(Port("input"), Port("twin", "x")))
    document.select(["twin"])
    total = document.analysis.total
    learning = inspector.page.form.editor("learning").form
    editor = learning.editor("shares")
    assert [editor.box.itemText(i) for i in range(editor.box.count())] == ["none", "dense"]
    editor.box.setCurrentIndex(1)
    editor.box.activated.emit(1)
    twin = document.project.graph.nodes["twin"]
    assert twin.learning.shares == "dense"
    assert document.analysis.problems == ()
    assert document.analysis.total == total - 15
    assert card_of("twin", twin, document.analysis).note == "weights of dense · 3 units"
    assert inspector.page.facts.texts()["parameters"] == "15 of dense"
    document.undo()
    assert learning.editor("shares").value() == ""
    learning.editor("frozen").box.setChecked(True)
    assert card_of("twin", document.project.graph.nodes["twin"], document.analysis).note == "frozen · 3 units"


def test_the_lengths_of_a_normalised_box_are_counted(inspector, document):
    document.select(["dense"])
    editor = inspector.page.form.editor("learning").form.editor("normalisation")
    editor.box.setCurrentIndex(1)
    editor.box.activated.emit(1)
    assert document.project.graph.nodes["dense"].learning.normalisation == "weight"
    assert inspector.page.facts.texts()["parameters"] == "18"


def test_a_box_that_comes_later_is_offered_where_weights_are_shared(inspector, document):
    document.select(["dense"])
    shares = inspector.page.form.editor("learning").form.editor("shares")
    assert shares.box.count() == 1
    document.edit("Add", edits.add(Dense(units=3), (0, 0), "twin"))
    document.select(["dense"])
    editor = inspector.page.form.editor("learning").form.editor("shares")
    assert [editor.box.itemText(i) for i in range(editor.box.count())] == ["none", "twin"]


def test_layers_without_weights_say_nothing_about_learning(inspector, document):
    document.select(["input"])
    assert "learning" not in inspector.page.form.rows


def test_dragging_a_spin_box_is_one_undo_step(inspector, document):
    document.select(["dense"])
    before = document.project
    page = inspector.page
    for units in range(4, 40):
        page.form.editor("units").box.setValue(units)
    assert document.project.graph.nodes["dense"].units == 39
    assert inspector.page is page
    assert document.undo_stack.count() == 1
    document.undo()
    assert document.project == before
    assert page.form.editor("units").value() == 3


def test_a_pause_begins_another_undo_step(inspector, document):
    document.select(["dense"])
    inspector.page.form.editor("units").box.setValue(8)
    inspector._pause.timeout.emit()
    inspector.page.form.editor("units").box.setValue(9)
    assert document.undo_stack.count() == 2


def test_renaming_is_checked(inspector, document):
    document.select(["dense"])
    page = inspector.page
    page.name.setText("input")
    page.name.editingFinished.emit()
    assert "already a box named input" in page._refusal.text()
    assert "dense" in document.project.graph.nodes
    QTest.keyClicks(page.name, "x")
    page.name.setText("hidden units")
    page.name.editingFinished.emit()
    assert "hidden units" in document.project.graph.nodes
    assert document.selection == {"hidden units"}
    assert inspector.page.node == "hidden units"


def test_undo_of_a_rename_keeps_the_inspector_alive(inspector, document):
    document.select(["dense"])
    inspector.page.name.setText("other")
    inspector.page.name.editingFinished.emit()
    document.undo()
    assert isinstance(inspector.page, ProjectPage | BoxPage)
    assert "dense" in document.project.graph.nodes


def test_training_settings_are_edited_when_nothing_is_selected(inspector, document):
    inspector.page.training.editor("epochs").box.setValue(7)
    assert document.project.training.epochs == 7
    document.undo()
    assert inspector.page.training.editor("epochs").value() == 20


def test_several_boxes_are_summed(inspector, document):
    document.select(["dense", "input"])
    assert inspector.page._together.texts() == {"parameters": "15"}


def test_deleting_the_selected_box_goes_back_to_the_project(inspector, document):
    from app.edits import delete

    document.select(["dense"])
    document.edit("Delete dense", delete(["dense"]))
    assert isinstance(inspector.page, ProjectPage)


def test_counts_are_short():
    assert [short(n) for n in (0, 4640, 73_700, 1_234_567, 2_000_000_000)] == ["0", "4,640", "73.7 k", "1.23 M", "2 G"]
