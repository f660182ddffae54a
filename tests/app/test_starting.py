"""New from data: a network that fits what a person chose."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from app import data_reading
from app.starting.dialog import START, StartDialog
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.sources.sample import Sample
from engine.layers.output import Output
from engine.project.project import Project

from .small_trainings import WAIT, Bench, flower_project, flowers
from .window_parts import make_window, small_project


@pytest.fixture
def dialog(qtbot):
    dialog = StartDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.fixture
def table(tmp_path):
    return flowers(tmp_path / "flowers.csv")


def offered(qtbot, dialog):
    qtbot.waitUntil(dialog.go.isEnabled, timeout=WAIT)


def fitting(dialog):
    return [name for name, tile in dialog.tiles.tiles.items() if tile.isEnabled()]


def test_it_begins_with_nothing_to_make(dialog):
    assert dialog.facts.text() == START
    assert not dialog.go.isEnabled()
    assert not dialog.target.isEnabled()
    assert fitting(dialog) == []
    assert dialog.tiles.tiles["mlp"].accessibleDescription() == "Choose data first."


@pytest.mark.parametrize(
    ("name", "target", "best", "fit"),
    [
        ("penguins", "species", "mlp", ["mlp", "lstm"]),
        ("digits8x8", "digit", "cnn", ["mlp", "cnn", "lstm"]),
        ("first_names", "gender", "lstm", ["mlp", "lstm"]),
        ("sunspots", "SUNACTIVITY", "lstm", ["mlp", "lstm"]),
    ],
)
def test_target_and_template_follow_from_the_data(qtbot, dialog, name, target, best, fit):
    dialog.choose(Sample(name=name))
    assert dialog.facts.text() == f"Reading {name}…"
    offered(qtbot, dialog)
    assert dialog.target.currentText() == target
    assert dialog.tiles.name() == best
    assert fitting(dialog) == fit
    assert dialog.facts.text().startswith(f"{name} · ")
    assert dialog.network.text().splitlines()[0].endswith(" → output")
    with qtbot.waitSignal(dialog.made) as told:
        dialog.go.click()
    project, read = told.args
    assert project.data.source == read.source == Sample(name=name)
    assert not dialog.isVisible()


def test_a_template_that_does_not_fit_says_why(qtbot, dialog):
    dialog.choose(Sample(name="penguins"))
    offered(qtbot, dialog)
    assert "needs images" in dialog.tiles.tiles["cnn"].toolTip()
    assert "needs images" in dialog.tiles.tiles["cnn"].accessibleDescription()


def test_another_target_makes_another_network(qtbot, dialog):
    dialog.choose(Sample(name="penguins"))
    offered(qtbot, dialog)
    dialog.target.setCurrentText("island")
    dialog.target.activated.emit(dialog.target.currentIndex())
    assert not dialog.go.isEnabled()
    offered(qtbot, dialog)
    with qtbot.waitSignal(dialog.made) as told:
        dialog.go.click()
    (output,) = [layer for layer in told.args[0].graph.nodes.values() if isinstance(layer, Output)]
    assert output.target == "island"


def test_keys_go_from_the_samples_to_the_buttons_in_the_order_in_which_they_stand(qtbot, dialog):
    dialog.activateWindow()
    qtbot.waitUntil(lambda: dialog.chooser.samples.hasFocus())
    dialog.choose(Sample(name="penguins"))
    offered(qtbot, dialog)
    reached = []
    for _ in range(6):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        reached.append(dialog.focusWidget())
    tile = dialog.tiles.tiles["mlp"]
    assert reached[:4] == [dialog.chooser.open_file, dialog.chooser.open_folder, dialog.target, tile]
    assert reached[5] is dialog.go


def test_enter_makes_the_network_once_a_file_was_chosen(qtbot, dialog, table, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    dialog.activateWindow()
    dialog.chooser.open_file.setFocus()
    qtbot.waitUntil(dialog.chooser.open_file.hasFocus)
    dialog.choose_path(table)
    offered(qtbot, dialog)
    with qtbot.waitSignal(dialog.made):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)


def test_it_says_that_something_is_to_be_said_of_the_data(qtbot, dialog, tmp_path):
    path = tmp_path / "weights.csv"
    path.write_text("weight,heavy\n" + "2 kg,no\n3 kg,yes\n" * 9)
    dialog.choose_path(path)
    offered(qtbot, dialog)
    assert dialog.facts.text() == "weights.csv · 18 rows · 2 columns · 1 note on how it was read: see Data"


def test_it_says_which_columns_the_network_does_not_read(qtbot, dialog, tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("visit_id,name,p,kind\n" + "".join(f"{n},guest {n},{n % 7},{'ab'[n % 2]}\n" for n in range(40)))
    dialog.choose_path(path)
    offered(qtbot, dialog)
    assert dialog.network.text().splitlines()[1] == "Not read: visit_id, name (40 different texts)."


def test_a_template_is_taken_by_keys(qtbot, dialog):
    dialog.choose(Sample(name="digits8x8"))
    offered(qtbot, dialog)
    tile = dialog.tiles.tiles["mlp"]
    tile.setFocus()
    qtbot.keyClick(tile, Qt.Key.Key_Space)
    assert dialog.tiles.name() == "mlp"
    assert "conv1" not in dialog.network.text()
    with qtbot.waitSignal(dialog.made) as told:
        qtbot.keyClick(tile, Qt.Key.Key_Return)  # the default button, whatever has the focus
    assert "conv1" not in told.args[0].graph.nodes


def test_a_file_that_is_no_data_is_a_sentence_and_what_was_chosen_before_is_gone(
    qtbot, dialog, table, tmp_path, monkeypatch
):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    dialog.chooser.ask_file()
    offered(qtbot, dialog)
    assert dialog.facts.text() == "flowers.csv · 120 rows · 5 columns"
    song = tmp_path / "song.mp3"
    song.write_text("la")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(song), ""))
    dialog.chooser.ask_file()
    qtbot.waitUntil(lambda: bool(dialog.facts.property("problem")), timeout=WAIT)
    assert "song.mp3" in dialog.facts.text()
    assert not dialog.go.isEnabled()
    assert dialog.target.count() == 0
    assert dialog.network.text() == ""


def test_a_folder_with_a_broken_picture_is_read_without_it_by_one_click(qtbot, dialog, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(12):
        folder = tmp_path / "smears" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(folder / f"{number}.png")
    (tmp_path / "smears" / "a" / "torn.png").write_bytes(b"\x89PNG")
    assert not dialog.mend.isVisible()
    dialog.choose_path(tmp_path / "smears")
    qtbot.waitUntil(lambda: bool(dialog.facts.property("problem")), timeout=WAIT)
    assert not dialog.go.isEnabled()
    assert dialog.mend.text() == "Leave it out"
    qtbot.waitUntil(dialog.mend.isVisible)
    tile = dialog.tiles.tiles["cnn"]
    qtbot.waitUntil(lambda: tile.height() >= tile.minimumSizeHint().height() > 0)
    assert dialog.tiles.height() >= dialog.tiles.heightForWidth(dialog.tiles.width())
    dialog.activateWindow()
    dialog.mend.setFocus()
    qtbot.waitUntil(dialog.mend.hasFocus)
    dialog.mend.click()
    offered(qtbot, dialog)
    assert not dialog.mend.isVisible()
    assert dialog.focusWidget() is dialog.go  # Enter makes the network; it would cancel
    assert dialog.read.source.broken == "leave out"
    assert len(dialog.read.dataset) == 12


def test_data_in_which_nothing_can_be_learnt_says_so(qtbot, dialog, tmp_path):
    alone = tmp_path / "alone.csv"
    alone.write_text("kind\n" + "a\nb\n" * 20)
    dialog.choose_path(alone)
    qtbot.waitUntil(lambda: bool(dialog.facts.property("problem")), timeout=WAIT)
    assert "has only the column kind" in dialog.facts.text()
    assert not dialog.go.isEnabled()


def test_the_last_of_two_choices_counts(qtbot, dialog):
    dialog.choose(Sample(name="digits8x8"))
    dialog.choose(Sample(name="penguins"))
    offered(qtbot, dialog)
    assert dialog.read.source == Sample(name="penguins")
    assert dialog.chooser.samples.currentData() == "penguins"


def test_closing_it_while_it_reads_makes_nothing(qtbot, dialog):
    dialog.choose(Sample(name="penguins"))
    task = dialog._task
    with qtbot.waitSignal(task.cancelled, timeout=WAIT):
        dialog.reject()
    assert dialog.read is None


@pytest.fixture
def window(qtbot, tmp_path):
    return make_window(qtbot, tmp_path)


def make(qtbot, window, source):
    """Do what a person does: ask for it, choose data, and agree."""
    window.actions_["new_from_data"].trigger()
    (dialog,) = [one for one in window.findChildren(StartDialog) if one.isVisible()]
    dialog.choose(source)
    offered(qtbot, dialog)
    dialog.go.click()


def test_the_first_page_offers_it_and_its_network_trains(qtbot, window, table, monkeypatch):
    (button,) = [one for one in window.welcome.findChildren(QPushButton) if one.text() == "New from &data…"]
    button.click()
    window.findChild(StartDialog).reject()
    make(qtbot, window, Csv(path=str(table)))
    assert not window.on_welcome
    monkeypatch.setattr(data_reading, "read", lambda source: pytest.fail("the data was read a second time"))
    qtbot.waitUntil(lambda: not window.data.loading and not window.data._check.isActive(), timeout=WAIT)
    assert window.document.path is None
    assert window.isWindowModified()  # closing asks: it lies in no file
    assert window.files.recovery.timer.isActive()
    assert window.document.analysis.problems == ()
    assert window.actions_["train"].isEnabled()
    assert window.top.data.text() == "flowers.csv"


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard])
def test_what_was_open_is_not_lost_silently(qtbot, window, monkeypatch, answer):
    window.document.open(small_project())
    window.show_work()
    window.canvas.add_layer("ReLU")
    before = window.document.project
    monkeypatch.setattr(window.files, "_ask", lambda: answer)
    make(qtbot, window, Sample(name="penguins"))
    assert (window.document.project is before) is (answer == QMessageBox.StandardButton.Cancel)
    qtbot.waitUntil(lambda: not window.data.loading, timeout=WAIT)


def test_data_that_is_still_being_read_for_another_project_does_not_come_between(qtbot, table):
    bench = Bench(qtbot)
    bench.document.open(flower_project(table))
    late = bench.data._task
    other = data_reading.read(Sample(name="penguins"))
    bench.data.bring(other)
    bench.document.open(Project(data=DataSettings(source=other.source)))
    with qtbot.waitSignal(late.cancelled, timeout=WAIT):
        assert bench.data.read is other
    bench.ready()
    assert bench.data.read is other


def test_long_names_widen_nothing(qtbot, dialog, tmp_path):
    wide = dialog.width()
    table = tmp_path / f"{'a_long_name_' * 15}.csv"
    columns = [f"column_{number}_{'that_nobody_reads_' * 10}" for number in range(5)]
    table.write_text("\n".join([",".join(columns), *(f"{i},{i * 2},{i % 3},{i},{i}" for i in range(40))]) + "\n")
    dialog.choose_path(table)
    qtbot.waitUntil(lambda: dialog.read is not None, timeout=WAIT)
    dialog.target.setCurrentIndex(1)
    dialog.target.activated.emit(1)
    offered(qtbot, dialog)
    assert dialog.width() == wide
    assert dialog.minimumSizeHint().width() <= wide
    assert "…" in dialog.facts.text()
