"""Training as a person meets it: in the window, with its notices and questions."""

import os
import signal

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton

from app.runs.longer import LongerDialog
from app.window_actions import NOTHING_STOPPED, NOTHING_TRAINED

from .small_trainings import WAIT, flower_project, flowers
from .window_parts import make_window


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    window = make_window(qtbot, tmp_path)
    window.asked = []
    answer = QMessageBox.StandardButton.Discard
    monkeypatch.setattr(window.files, "_ask", lambda: window.asked.append("save") or answer)
    project = flower_project(flowers(tmp_path / "flowers.csv"), epochs=1_000_000)
    window.document.open(project, tmp_path / "flowers.netw")
    window.show_work()
    yield window
    window.trainer.close()
    window.document.mark_saved(tmp_path / "flowers.netw")


def ready(window, qtbot):
    qtbot.waitUntil(lambda: not window.data.loading and not window.data._check.isActive(), timeout=WAIT)
    qtbot.waitUntil(lambda: window.actions_["train"].isEnabled(), timeout=WAIT)


def begin(window, qtbot, heard="progress"):
    ready(window, qtbot)
    with qtbot.waitSignal(getattr(window.trainer.session, heard), timeout=WAIT):
        window.actions_["train"].trigger()


def test_train_says_why_it_waits_for_the_data(window, qtbot):
    window.data.again()
    assert not window.actions_["train"].isEnabled()
    assert window.actions_["train"].reason == "The data is being read."
    assert "The data is being read." in window.top.train.toolTip()
    ready(window, qtbot)
    assert window.top.train.isEnabled()


def test_curves_and_progress_follow_and_stop_keeps_the_run(window, qtbot):
    begin(window, qtbot, "epoch_done")
    curves = window.docks.all["curves"].content
    qtbot.waitUntil(lambda: len(curves.loss_plot.train) > 0)
    assert window.progress.isVisibleTo(window)
    assert window.progress.text.text().startswith("Epoch ")
    with qtbot.waitSignal(window.trainer.kept, timeout=WAIT):
        window.actions_["stop"].trigger()
    assert not window.progress.isVisibleTo(window)
    assert window.isWindowModified()
    assert [run.status for run in window.document.runs] == ["stopped"]
    assert window.actions_["export"].isEnabled()


def stop(window, qtbot):
    with qtbot.waitSignal(window.trainer.kept, timeout=WAIT):
        window.actions_["stop"].trigger()
    return window.document.runs[-1]


def test_a_stopped_training_goes_on_from_where_it_was_stopped(window, qtbot):
    assert window.actions_["resume"].reason == NOTHING_STOPPED
    begin(window, qtbot, "epoch_done")
    assert window.actions_["resume"].reason == "A training is running."
    assert not window.top.resume.isVisible()
    first = stop(window, qtbot)
    assert window.top.resume.isVisible()
    window.document.edit("Learn at another rate", lambda p: p.with_(training=p.training.with_(rate=0.5)))
    with qtbot.waitSignal(window.trainer.session.epoch_done, timeout=WAIT):
        window.actions_["resume"].trigger()
    second = stop(window, qtbot)
    assert [run.id for run in window.document.runs] == ["run-1"]  # it took the place of what it was
    assert second.project is not window.document.project
    done = len(first.history.losses)
    assert len(second.history.losses) > done
    assert second.history.losses[:done].tolist() == first.history.losses.tolist()
    assert window.docks.all["curves"].content.loss_plot.train.x[0] < 1  # from the first step on


def test_a_stopped_run_that_was_saved_and_opened_goes_on(window, qtbot):
    begin(window, qtbot, "epoch_done")
    run = stop(window, qtbot)
    window.document.open(run.project, None, (run.with_(id="run-4"), run.with_(id="run-7", started="later")))
    ready(window, qtbot)
    window.go_to("train")
    window.docks.show("runs")
    panel = window.docks.all["runs"].content
    panel.table.selectRow(1)
    with qtbot.waitSignal(window.trainer.session.epoch_done, timeout=WAIT):
        panel.resume.click()
    assert not panel.resume.isEnabled()
    stop(window, qtbot)
    assert [len(kept.history.losses) > len(run.history.losses) for kept in window.document.runs] == [True, False]
    assert [kept.id for kept in window.document.runs] == ["run-4", "run-7"]


def test_a_run_that_came_to_its_end_learns_longer(window, qtbot):
    assert window.actions_["train_longer"].reason == NOTHING_TRAINED
    window.document.edit("Fewer epochs", lambda p: p.with_(training=p.training.with_(epochs=3)))
    ready(window, qtbot)
    with qtbot.waitSignal(window.trainer.kept, timeout=WAIT) as told:
        window.actions_["train"].trigger()
    (first,) = told.args
    window.actions_["train_longer"].trigger()
    dialog = window.findChild(LongerDialog)
    dialog.epochs.setValue(4)
    with qtbot.waitSignal(window.trainer.kept, timeout=WAIT) as told:
        dialog.accept()
    (longer,) = told.args
    assert window.document.runs == (longer,)
    assert (longer.id, longer.status, len(longer.history.epochs)) == ("run-1", "done", 7)
    assert longer.history.losses[: len(first.history.losses)].tolist() == first.history.losses.tolist()


def test_stop_before_a_run_has_begun_to_go_on_leaves_it_as_it_was(window, qtbot):
    begin(window, qtbot, "epoch_done")
    run = stop(window, qtbot)
    with qtbot.waitSignal(window.trainer.failed, timeout=WAIT) as told:
        window.actions_["resume"].trigger()
        window.actions_["stop"].trigger()
    assert told.args == ["Training was stopped before its first step.", False]
    assert window.document.runs == (run,)
    assert window.trainer.state == "idle"
    assert window.actions_["resume"].isEnabled()


def test_a_run_whose_data_changed_says_so_and_stays(window, qtbot, tmp_path):
    begin(window, qtbot, "epoch_done")
    run = stop(window, qtbot)
    flowers(tmp_path / "flowers.csv", rows=90)
    with qtbot.waitSignal(window.trainer.failed, timeout=WAIT) as told:
        window.actions_["resume"].trigger()
    assert "changed since the checkpoint" in told.args[0]
    assert window.document.runs == (run,)


def test_train_becomes_stop_before_the_curves_are_made(window, qtbot):
    ready(window, qtbot)
    curves = window.docks.all["curves"]
    assert curves.content is None
    window.actions_["train"].trigger()
    assert "Stop" in window.top.train.text()
    assert curves.content is None
    qtbot.waitUntil(lambda: curves.content is not None)
    assert curves.content.isVisible()


def test_curves_that_were_put_away_hear_the_training_from_its_first_step(window, qtbot):
    ready(window, qtbot)
    curves, session = window.docks.all["curves"], window.trainer.session
    with qtbot.waitSignal(session.epoch_done, timeout=WAIT):
        window.actions_["train"].trigger()
        curves.close()
        assert curves.content is None
    panel = curves.content
    assert panel.began.samples > 0
    assert panel.loss_plot.train.x[0] == pytest.approx(1 / panel.began.steps_per_epoch)
    assert [epoch.number for epoch in panel.epochs] == list(range(1, len(panel.epochs) + 1))


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_resume_takes_up_what_was_interrupted_rather_than_a_run_that_was_stopped_before(window, qtbot):
    begin(window, qtbot, "epoch_done")
    stop(window, qtbot)
    begin(window, qtbot, "checkpointed")
    with qtbot.waitSignal(window.trainer.failed, timeout=WAIT):
        os.kill(window.trainer.session.pid, signal.SIGKILL)
    with qtbot.waitSignal(window.trainer.session.started, timeout=WAIT) as told:
        window.actions_["resume"].trigger()
    assert told.args[0].step > 0
    assert not window.trainer.interrupted
    stop(window, qtbot)
    assert [run.id for run in window.document.runs] == ["run-1", "run-2"]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_training_is_a_notice_with_resume(window, qtbot):
    begin(window, qtbot, "checkpointed")
    with qtbot.waitSignal(window.trainer.failed, timeout=WAIT):
        os.kill(window.trainer.session.pid, signal.SIGKILL)
    [text] = [text for text in window.notices.texts() if "signal 9" in text]
    [resume] = [button for button in window.notices.findChildren(QPushButton) if button.text() == "&Resume"]
    with qtbot.waitSignal(window.trainer.session.started, timeout=WAIT) as told:
        resume.click()
    assert told.args[0].step > 0
    assert text not in window.notices.texts()


def test_a_new_project_waits_for_the_run_of_this_one(window, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr("app.training.leaving.ask", lambda *_: asked.append("training") or "stop")
    begin(window, qtbot)
    seen = []
    window.trainer.kept.connect(lambda run: seen.append(window.document.path.name))
    window.new()
    qtbot.waitUntil(lambda: window.document.path is None, timeout=WAIT)
    assert asked == ["training"]
    assert window.asked == ["save"]  # its run was among what would have been lost
    assert seen == ["flowers.netw"]
    assert window.document.runs == ()


def test_staying_with_the_training_opens_nothing(window, qtbot, monkeypatch):
    monkeypatch.setattr("app.training.leaving.ask", lambda *_: "")
    begin(window, qtbot)
    window.new()
    assert window.document.path is not None
    assert window.trainer.state == "training"


def test_training_settings_stand_beside_the_curves(window, qtbot):
    window.go_to("train")
    window.document.select(["hidden"])
    qtbot.waitUntil(lambda: window.docks.all["settings"].content is not None)
    form = window.docks.all["settings"].content.form
    form.editor("patience").box.setValue(5)
    assert window.document.project.training.patience == 5
    window.document.undo()


@pytest.mark.parametrize(("space", "panel"), [("data", "data"), ("use", "try")])
def test_data_and_use_have_the_most_room_below(window, qtbot, space, panel):
    window.resize(1280, 800)
    window.go_to(space)
    qtbot.waitUntil(lambda: window.docks.all[panel].height() > window.canvas.height())
    window.go_to("build")
    qtbot.waitUntil(lambda: window.docks.all["problems"].height() < window.canvas.height())
