import pytest
from PySide6.QtCore import Qt

from app.runs.longer import LongerDialog
from app.runs.panel import EMPTY, HEADS, NEITHER, ONLY_STOPPED, RunsPanel, cells

from .small_trainings import Bench, flower_project, flowers, learn
from .window_parts import make_window


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    path = flowers(tmp_path_factory.mktemp("runs") / "flowers.csv")
    first = learn(flower_project(path, epochs=2), "run-1")
    return first, learn(flower_project(path, epochs=3, rate=0.02), "run-2").with_(status="stopped")


@pytest.fixture
def bench(qtbot, runs):
    bench = Bench(qtbot)
    bench.document.open(runs[1].project.with_(notes="changed since"), None, runs)
    bench.ready()
    return bench


@pytest.fixture
def panel(qtbot, bench):
    panel = RunsPanel(bench.document)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def rows(panel):
    table = panel.table
    return [[table.item(row, place).text() for place in range(len(HEADS))] for row in range(table.rowCount())]


def test_runs_are_listed_the_newest_first(panel, runs):
    assert [row[0] for row in rows(panel)] == ["run-2 (stopped)", "run-1"]
    run = dict(zip(HEADS, rows(panel)[1], strict=True))
    assert run["Result"].startswith("Accuracy ")
    assert run["Result"].endswith(" %")
    assert (run["Epochs"], run["Optimizer"], run["Rate"], run["Seed"]) == ("2", "Adam", "0.01", "0")
    assert panel.chosen() is runs[1]


def test_a_run_without_an_epoch_has_dashes(runs):
    from engine.training.history import History

    told = dict(zip(HEADS, cells(runs[0].with_(history=History(), status="failed")), strict=True))
    assert told["Run"] == "run-1 (diverged)"
    assert (told["Result"], told["Best epoch"], told["Validation loss"]) == ("—", "—", "—")


def test_choosing_a_run_shows_it(panel, runs, qtbot):
    with qtbot.waitSignal(panel.shown) as told:
        panel.table.selectRow(1)
    assert told.args == [runs[0]]
    with qtbot.waitSignal(panel.exported) as told:
        panel.export.click()
    assert told.args == [runs[0]]


def test_only_a_run_that_was_stopped_goes_on(panel, runs, qtbot):
    assert panel.resume.isEnabled()
    with qtbot.waitSignal(panel.resumed) as told:
        panel.resume.click()
    assert told.args == [runs[1]]
    panel.table.selectRow(1)
    assert not panel.resume.isEnabled()
    assert panel.resume.toolTip() == ONLY_STOPPED
    panel.table.selectRow(0)
    panel.show_training(True)
    assert not panel.resume.isEnabled()
    assert panel.resume.toolTip() == "A training is running"
    panel.show_training(False)
    assert panel.resume.isEnabled()


def test_a_run_learns_longer_unless_it_diverged(panel, bench, runs, qtbot):
    panel.table.selectRow(1)
    with qtbot.waitSignal(panel.lengthened) as told:
        panel.longer.click()
    assert told.args == [runs[0]]
    bench.document.runs = (runs[0].with_(status="failed"),)
    assert not panel.longer.isEnabled()
    assert panel.longer.toolTip() == NEITHER


def test_the_epochs_that_are_asked_for_come_after_those_done(qtbot, runs):
    dialog = LongerDialog(runs[0])
    qtbot.addWidget(dialog)
    assert dialog.epochs.value() == 2  # as many as the first time
    dialog.epochs.setValue(5)
    with qtbot.waitSignal(dialog.longer) as told:
        dialog.accept()
    (run,) = told.args
    assert run.can_go_on
    assert run.project.training.epochs == 7
    assert run.id == runs[0].id


def test_going_back_to_the_network_of_a_run_is_one_undo_step(panel, bench, runs):
    before = bench.document.project
    panel.table.selectRow(1)
    panel.restore.click()
    assert bench.document.project == runs[0].project
    assert bench.document.undo_stack.undoText() == "Go back to run-1"
    assert bench.document.undo_stack.count() == 1
    assert bench.document.runs == runs
    bench.document.undo()
    assert bench.document.project == before


def test_a_removed_run_can_be_brought_back(panel, bench, runs, qtbot):
    panel.table.selectRow(1)
    with qtbot.waitSignal(panel.removed) as told:
        panel.remove.click()
    assert told.args == [runs[0]]
    assert bench.document.runs == (runs[1],)
    assert bench.document.is_modified
    assert bench.document.undo_stack.count() == 0
    panel.bring_back(runs[0])
    assert bench.document.runs == runs
    panel.bring_back(runs[0])
    assert bench.document.runs == runs


def test_without_runs_it_says_how_to_get_one(panel, bench):
    bench.document.runs = ()
    assert panel.empty.isVisibleTo(panel)
    assert panel.empty.text() == EMPTY
    assert not panel.export.isVisibleTo(panel)
    panel.export.clicked.emit()  # nobody is chosen: nothing happens


def test_it_is_used_by_keys(panel, runs, qtbot):
    panel.table.setFocus()
    shown = []
    panel.shown.connect(shown.append)
    qtbot.keyClick(panel.table, Qt.Key.Key_Down)
    assert shown == [runs[0]]
    assert panel.table.accessibleName() == "Runs"


def test_a_chosen_run_shows_its_curves_in_the_window(qtbot, tmp_path, runs):
    window = make_window(qtbot, tmp_path)
    window.document.open(runs[1].project, None, runs)
    window.show_work()
    window.go_to("train")
    window.docks.show("curves")
    window.docks.show("runs")
    panel, curves = (window.docks.all[name].content for name in ("runs", "curves"))
    panel.table.selectRow(1)
    assert curves.legend.facts == "run-1"
    assert len(curves.loss_plot.train) == len(runs[0].history.losses)
    panel.remove.click()
    [text] = [text for text in window.notices.texts() if "was removed" in text]
    assert text == "run-1 was removed."
    window.document.mark_saved(tmp_path / "flowers.netw")
    qtbot.waitUntil(lambda: not window.data.loading)


def test_nothing_in_the_list_is_cut(panel, qtbot):
    panel.resize(720, 200)
    qtbot.waitExposed(panel)
    header, model = panel.table.horizontalHeader(), panel.table.model()
    for place in range(len(HEADS)):
        widest = max(panel.table.sizeHintForColumn(place), header.sectionSizeHint(place))
        assert header.sectionSize(place) >= widest, model.headerData(place, Qt.Orientation.Horizontal)
