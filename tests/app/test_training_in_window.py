"""Training as a person meets it: in the window, with its notices and questions."""

import os
import signal

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton

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
    monkeypatch.setattr("app.training.leaving.ask", lambda *_: "stay")
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
