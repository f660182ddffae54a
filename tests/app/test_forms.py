from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QStyleOptionComboBox, QToolButton, QWidget

from app.forms.form import Form, label_of
from app.forms.specs import words
from app.forms.texts import ChoiceEditor
from engine.catalog import FAMILIES
from engine.data.settings import DataSettings
from engine.optimizers.adam import Adam
from engine.optimizers.sgd import SGD
from engine.spec import Spec, param
from engine.training.settings import TrainingSettings

EVERY = [kind for family in FAMILIES.values() for kind in family.registry.values()] + [DataSettings, TrainingSettings]


class Sampler(Spec, abstract=True):
    """Has one parameter of each type."""

    count: int = param("A number of things.", default=3, min=1, max=10, unit="px")
    rate: float = param("A rate.", default=1e-3, min=1e-9, max=100.0)
    share: float = param("A share.", default=0.5, min=0.0, max=1.0)
    on: bool = param("Whether.", default=True)
    name: str = param("A name.", default="")
    mode: str = param("How.", default="same", choices=("same", "valid"))
    kernel: tuple[int, int] = param("Height and width.", default=(3, 3), min=1, max=9)
    size: tuple[int, ...] = param("A shape.", default=(1, 8, 8), min=1)
    columns: tuple[str, ...] = param("Some columns.", default=())
    limit: int | None = param("A limit, or none.", default=None, min=1)
    optimizer: TrainingSettings = param("Nested.", default=TrainingSettings(), advanced=True)
    mode_of_work: str = param("Seldom changed.", default="", advanced=True)
    like: str = param("A box.", default="", box=True)
    secret: int = param("Filled in by the program.", default=0, hidden=True)


@pytest.fixture
def form(qtbot):
    form = Form(Sampler())
    qtbot.addWidget(form)
    return form


def heard(form):
    found = []
    form.edited.connect(lambda name, value: found.append((name, value)))
    return found


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_spec_has_a_form(qtbot, kind):
    form = Form(kind())
    qtbot.addWidget(form)
    shown = {name for name, rule in kind.params().items() if not rule.hidden}
    assert set(form.names) == shown
    for name in shown:
        assert form.editor(name).value() == getattr(kind(), name)
        assert form.editor(name).accessibleName()
        assert kind.params()[name].doc in form.rows[name].toolTip()


def test_following_the_document_is_silent(form):
    found = heard(form)
    other = Sampler(count=7, rate=2.0, on=False, name="n", mode="valid", kernel=(1, 5), size=(4,), limit=3)
    form.follow(other)
    assert not found
    assert {n: form.editor(n).value() for n in form.rows} == {n: getattr(other, n) for n in form.rows}


def test_a_number_outside_its_bounds_cannot_be_entered(form):
    found = heard(form)
    box = form.editor("count").box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "99")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() <= 10
    assert all(1 <= value <= 10 for _, value in found)


def test_rates_are_read_in_powers_of_ten_and_step_through_decades(form):
    found = heard(form)
    box = form.editor("rate").box
    box.selectAll()
    QTest.keyClicks(box, "3e-4")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert found[-1] == ("rate", 3e-4)
    assert box.text() == "3e-4"
    for expected in (5e-4, 1e-3, 2e-3):
        box.stepBy(1)
        assert box.value() == pytest.approx(expected)
    box.stepBy(-1)
    assert box.value() == pytest.approx(1e-3)


def test_a_share_steps_by_hundredths_and_stays_inside(form):
    box = form.editor("share").box
    box.stepBy(1)
    assert box.value() == pytest.approx(0.51)
    for _ in range(200):
        box.stepBy(1)
    assert box.value() == 1.0
    for _ in range(800):
        box.stepBy(-1)
    assert box.value() == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("name", "typed", "value"), [("size", "3, 32 x 32", (3, 32, 32)), ("columns", "a, b c", ("a", "b c"))]
)
def test_lists_are_typed_on_one_line(form, name, typed, value):
    found = heard(form)
    line = form.editor(name).line
    line.clear()
    QTest.keyClicks(line, typed)
    assert found[-1] == (name, value)


def test_a_list_that_cannot_be_read_is_marked_and_put_back(form):
    found = heard(form)
    line = form.editor("size").line
    line.clear()
    QTest.keyClicks(line, "0, q")
    assert line.property("wrong")
    line.editingFinished.emit()
    assert not line.property("wrong")
    assert all(value == () for _, value in found)


def test_none_is_a_tick_away(form):
    found = heard(form)
    editor = form.editor("limit")
    editor.tick.click()
    assert found[-1] == ("limit", 1)
    editor.tick.click()
    assert found[-1] == ("limit", None)


def test_a_pair_changes_as_one_value(form):
    found = heard(form)
    form.editor("kernel").parts[1].box.setValue(5)
    assert found == [("kernel", (3, 5))]


def test_reset_is_seen_only_when_there_is_something_to_reset(form):
    found = heard(form)
    form.show()
    row = form.rows["count"]
    assert not row._reset.isVisible()
    form.follow(replace(Sampler(), count=8))
    assert row._reset.isVisible()
    row._reset.click()
    assert found == [("count", 3)]
    assert form.editor("count").value() == 3


def test_a_family_is_chosen_and_its_own_parameters_are_edited(qtbot):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    found = heard(form)
    editor = form.editor("optimizer")
    editor._form.editor("weight_decay").box.setValue(0.5)
    assert found == [("optimizer", Adam(weight_decay=0.5))]


def fold(form, text):
    """Press the line that folds a part of a form."""
    next(button for button in form.findChildren(QToolButton) if button.text() == text).click()


def test_advanced_is_folded_and_hidden_is_left_out(form):
    form.show()
    assert "secret" not in form.names
    assert "mode_of_work" not in form.rows
    fold(form, "Advanced")
    assert form.rows["mode_of_work"].isVisible()
    fold(form, "Advanced")
    assert not form.rows["mode_of_work"].isVisible()


def test_what_is_folded_away_is_made_when_it_is_opened_and_says_what_the_document_says(form):
    form.show()
    few = len(form.findChildren(QWidget))
    form.follow(Sampler(mode_of_work="at night"))
    form.show_problems({"mode_of_work": "Nobody works at night."})
    assert len(form.findChildren(QWidget)) == few
    found = heard(form)
    fold(form, "Advanced")
    row = form.rows["mode_of_work"]
    assert row.editor.value() == "at night"
    assert row._reset.isVisible()
    assert row._problem.text() == "Nobody works at night."
    assert not found
    form.follow(Sampler(mode_of_work="by day"))
    assert row.editor.value() == "by day"
    row.editor.line.end(False)
    QTest.keyClicks(row.editor.line, "!")
    assert found == [("mode_of_work", "by day!")]


def test_a_group_is_made_when_it_is_opened(form):
    form.show()
    group = form.rows["optimizer"]
    group.show_problems({"epochs": "Epochs must be at least 1, not 0."})
    assert "epochs" not in {name for made in form.findChildren(Form) for name in made.rows}
    fold(form, "Optimizer")
    assert group.editor.isVisible()
    assert group.editor.form.rows["epochs"]._problem.isVisible()
    fold(form, "Optimizer")
    group.editor.form.editor("epochs").box.setValue(9)
    assert not group.editor.isVisible(), "what a person does opens nothing"


def test_a_part_that_is_asked_for_is_made_without_being_shown(qtbot):
    form = Form(Adam())
    qtbot.addWidget(form)
    form.show()
    editor = form.editor("beta1")
    qtbot.wait(1)  # a layout shows what is new in it a moment later
    assert not editor.isVisible()
    fold(form, "Advanced")
    assert editor.isVisible()


def stops(form):
    """Return what the Tab key reaches in a form that is shown, in its order, as places from top to bottom."""
    found, widget = [], form.nextInFocusChain()
    while widget is not form:
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
            at = widget.mapTo(form, widget.rect().center())
            found.append((at.y(), at.x()))
        widget = widget.nextInFocusChain()
    return found


def test_the_tab_key_goes_from_top_to_bottom_also_through_what_came_late(qtbot):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    form.show()
    few = stops(form)
    assert few == sorted(few)
    for button in form.findChildren(QToolButton):
        if button.text() == "Advanced":
            button.click()
    form.follow(TrainingSettings(epochs=7, clip_norm=2.0, seed=5))  # with buttons that go back to the defaults
    qtbot.wait(1)
    many = stops(form)
    assert len(many) > len(few) + 5
    assert [y // 12 for y, _ in many] == sorted(y // 12 for y, _ in many)


def test_the_tab_key_reaches_another_member_of_a_family_in_its_place(qtbot):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    form.show()
    form.follow(TrainingSettings(optimizer=SGD()))
    qtbot.wait(1)
    assert stops(form) == sorted(stops(form))


def test_a_group_is_folded_until_something_in_it_is_unusual(form):
    form.show()
    group = form.rows["optimizer"]
    assert not group.editor.isVisible()
    form.follow(Sampler(optimizer=TrainingSettings(epochs=7)))
    assert group.editor.isVisible()
    found = heard(form)
    group.editor.form.editor("epochs").box.setValue(9)
    assert found == [("optimizer", TrainingSettings(epochs=9))]
    form.show_problems({"optimizer.epochs": "Epochs must be at least 1, not 0."})
    assert group.editor.form.rows["epochs"]._problem.isVisible()


def test_a_box_is_chosen_among_those_that_are_offered(form):
    editor, found = form.editor("like"), heard(form)
    form.offer_boxes(["a", "b"])
    assert [editor.box.itemData(i) for i in range(editor.box.count())] == ["", "a", "b"]
    editor.box.setCurrentIndex(2)
    editor.box.activated.emit(2)
    assert found == [("like", "b")]
    form.offer_boxes(["a"])
    assert editor.value() == "b", "what is chosen stays, though it is gone"


def test_problems_are_shown_at_their_parameter(form):
    form.show()
    form.show_problems({"count": "Count must be at least 1, not 0."})
    assert form.rows["count"]._problem.isVisible()
    form.show_problems({})
    assert not form.rows["count"]._problem.isVisible()


def test_names_are_words():
    assert label_of("use_bias") == "Use bias"
    assert [words(n) for n in ("CrossEntropy", "GELU", "LSTM", "HeNormal", "BCEWithLogits", "Conv2D")] == [
        "Cross entropy",
        "GELU",
        "LSTM",
        "He normal",
        "BCE with logits",
        "Conv2D",
    ]


def test_a_choice_without_room_ends_in_dots(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    editor = ChoiceEditor(page, ("mean squared error of the logarithms",))
    editor.box.resize(90, 30)
    option = QStyleOptionComboBox()
    editor.box.initStyleOption(option)
    assert option.currentText.endswith("…")
    assert editor.value() == "mean squared error of the logarithms"


def test_a_long_text_shows_its_beginning(qtbot):
    form = Form(Sampler(name="the beginning of " + "a very long text " * 9))
    qtbot.addWidget(form)
    (line,) = (line for line in form.findChildren(QLineEdit) if line.text().startswith("the beginning"))
    assert line.cursorPosition() == 0


def test_a_word_stands_for_0_where_0_is_no_number(qtbot):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    box = form.editor("workers").box
    assert box.text() == "Automatic"
    assert "Default: Automatic." in form.rows["workers"].toolTip()
    box.setFocus()
    qtbot.waitUntil(lambda: box.lineEdit().selectedText() == "Automatic")
    qtbot.keyClicks(box, "3")
    assert (box.value(), box.text()) == (3, "3")
    assert form.rows["workers"]._reset.toolTip() == "Back to Automatic"
    form.rows["workers"]._reset.click()
    assert box.text() == "Automatic"
    assert form.editor("seed").box.text() == "0"


def test_a_word_stands_for_0_also_among_fractions(qtbot):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    told = []
    form.edited.connect(lambda name, value: told.append((name, value)))
    box = form.editor("clip_norm").box
    form._advanced.setVisible(True)
    assert box.text() == "Never"
    box.selectAll()
    qtbot.keyClicks(box, "0.5")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told[-1] == ("clip_norm", 0.5)
    box.selectAll()
    qtbot.keyClicks(box, "0")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told[-1] == ("clip_norm", 0.0)
    assert box.text() == "Never"
    box.stepUp()
    assert box.value() > 0


@pytest.mark.parametrize("typed", ["1e6", "1e-12", "-3", "0", "1" * 10_000])
def test_a_number_beyond_its_bounds_leaves_the_one_from_before(qtbot, typed):
    form = Form(TrainingSettings())
    qtbot.addWidget(form)
    form.show()
    box = form.rows["rate"].editor.box
    for _ in range(2):
        box.setFocus()
        box.lineEdit().selectAll()
        QTest.keyClicks(box.lineEdit(), typed[:8]) if len(typed) < 9 else box.lineEdit().insert(typed)
        QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
        assert box.value() == 0.001
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), "0.02")
    assert box.value() == 0.02  # at once, before Return
