import os
import signal
from time import perf_counter, thread_time

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer

from app.session import Session
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.sgd import SGD
from engine.project.project import Project
from engine.training.settings import TrainingSettings

WAIT = 120_000  # milliseconds, on a busy machine


@pytest.fixture
def project(tmp_path) -> Project:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 200)
    x = rng.normal(size=(200, 4)) + np.eye(3, 4)[kind] * 3
    rows = [f"{','.join(f'{v:.6f}' for v in row)},{'abc'[k]}" for row, k in zip(x, kind, strict=True)]
    path = tmp_path / "flowers.csv"
    path.write_text("\n".join(["p,q,r,s,kind", *rows]) + "\n")
    graph = Graph().add("in", Input(columns=("p", "q", "r", "s"), size=(4,)))
    graph = graph.add("hidden", Dense(units=64), "in").add("relu", ReLU(), "hidden")
    graph = graph.add("head", Dense(units=3), "relu").add("out", Output(target="kind"), "head")
    return Project(graph, data=DataSettings(source=Csv(path=str(path))), training=TrainingSettings(epochs=5, batch=8))


@pytest.fixture
def endless(project) -> Project:
    return project.with_(training=project.training.with_(epochs=1_000_000))


@pytest.fixture
def session(qapp):
    session = Session()
    yield session
    session.close()


def test_it_tells_the_story_of_a_training(session, project, qtbot):
    states, steps, epochs, started = [], [], [], []
    session.started.connect(lambda began, past: started.append((began, past)))
    session.state_changed.connect(states.append)
    session.progress.connect(steps.append)
    session.epoch_done.connect(epochs.append)
    with qtbot.waitSignal(session.finished, timeout=WAIT) as told:
        session.train(project, "key", "run-3")
        assert session.busy
    (run,), [(began, past)] = told.args, started
    assert (began.epochs, began.samples, past) == (5, 160, None)
    assert states == ["starting", "running", "idle"]
    assert (run.id, run.status) == ("run-3", "done")
    assert [loss for event in steps for loss in event.losses] == run.history.losses.tolist()
    assert [done.epoch for done in epochs] == list(run.history.epochs)
    assert not session.last_checkpoint("key").unfinished


def test_pause_resume_and_stop(session, endless, qtbot):
    with qtbot.waitSignal(session.progress, timeout=WAIT):
        session.train(endless, "key")
    with qtbot.waitSignal(session.state_changed, timeout=WAIT, check_params_cb=lambda state: state == "paused"):
        session.pause()
    with qtbot.waitSignal(session.progress, timeout=WAIT):
        session.resume()
    assert session.state == "running"
    with qtbot.waitSignal(session.finished, timeout=WAIT) as told:
        session.stop()
        assert session.state == "stopping"
    assert told.args[0].status == "stopped"
    assert session.state == "idle"


def test_stop_before_the_first_step(session, endless, qtbot):
    with qtbot.waitSignal(session.failed, timeout=WAIT) as told:
        session.train(endless, "key")
        session.stop()
    assert told.args[0].text == "Training was stopped before its first step."


def test_a_killed_process_is_told_and_resumed(session, endless, qtbot):
    losses = []
    session.progress.connect(lambda steps: losses.extend(steps.losses))
    with qtbot.waitSignal(session.checkpointed, timeout=WAIT):
        session.train(endless, "key")
    with qtbot.waitSignal(session.failed, timeout=WAIT) as told:
        os.kill(session.pid, signal.SIGKILL)
    assert "signal 9" in told.args[0].text
    assert "Resume continues from there" in told.args[0].text
    left = session.last_checkpoint("key")
    assert left.unfinished
    assert left.epoch == told.args[0].resumable
    before = losses[: left.step]
    losses.clear()
    with qtbot.waitSignal(session.started, timeout=WAIT) as again:
        session.train(None, "key", resume=True)
    began, past = again.args
    assert began.step == left.step
    assert past.losses[: len(before)].tolist() == before


def test_divergence_names_the_box(session, project, qtbot):
    graph = project.graph.add("in", Input(columns=("q", "r", "s"), size=(3,))).add("head", Dense(units=1))
    graph = graph.add("out", Output(target="p", loss=MeanSquaredError())).connect("hidden", "head")
    settings = project.training.with_(rate=99.0, optimizer=SGD(), epochs=1000)
    diverged = []
    session.diverged.connect(lambda text, node: diverged.append((text, node)))
    with qtbot.waitSignal(session.finished, timeout=WAIT) as told:
        session.train(project.with_(graph=graph, training=settings), "key")
    [(text, node)] = diverged
    assert "smaller learning rate" in text
    assert node in graph.nodes
    assert told.args[0].status == "failed"


def test_a_project_without_data_fails_with_a_sentence(session, project, qtbot):
    with qtbot.waitSignal(session.failed, timeout=WAIT) as told:
        session.train(project.with_(data=DataSettings()), "key")
    assert told.args[0].text.startswith("The project has no data yet.")
    assert session.last_checkpoint("key") is None


def test_two_at_a_time_are_refused(session, endless):
    session.train(endless, "key")
    with pytest.raises(RuntimeError):
        session.train(endless, "key")


def test_closing_ends_the_process_and_keeps_a_checkpoint(session, endless, qtbot):
    with qtbot.waitSignal(session.progress, timeout=WAIT):
        session.train(endless, "key")
    pid = session.pid
    session.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert session.last_checkpoint("key").unfinished


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGSTOP")
def test_a_process_that_hangs_is_told_of_and_can_be_ended(session, endless, qtbot, monkeypatch):
    with qtbot.waitSignal(session.progress, timeout=WAIT):
        session.train(endless, "key")
    monkeypatch.setattr("engine.process.client.SILENCE", 0.1)
    with qtbot.waitSignal(session.told, timeout=WAIT) as told:
        os.kill(session.pid, signal.SIGSTOP)
    assert "has not answered for" in told.args[0]
    with qtbot.waitSignal(session.failed, timeout=WAIT) as told:
        session.kill()
    assert "signal 9" in told.args[0].text
    assert session.state == "idle"


def test_a_process_that_cannot_be_started_is_a_failure_and_the_next_may_start(session, endless, qtbot, monkeypatch):
    def refuse(*_, **__):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("engine.process.client.subprocess.Popen", refuse)
    with qtbot.waitSignal(session.failed) as told:
        session.train(endless, "key")
    assert "could not be started: [Errno 12] Cannot allocate memory." in told.args[0].text
    assert not session.busy
    monkeypatch.undo()
    with qtbot.waitSignal(session.started, timeout=WAIT):
        session.train(endless, "key")


def test_checkpoints_that_cannot_be_written_are_told_of(session, project, qtbot, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "file"))
    told = []
    session.told.connect(told.append)
    with qtbot.waitSignal(session.finished, timeout=WAIT) as done:
        session.train(project, "key")
    assert done.args[0].status == "done"
    assert any("could not be made" in sentence for sentence in told)


def test_a_run_that_cannot_be_taken_up_is_a_failure(session, project, qtbot, tmp_path, monkeypatch):
    with qtbot.waitSignal(session.finished, timeout=WAIT) as told:
        session.train(project, "key")
    with qtbot.waitSignal(session.failed, timeout=WAIT) as failed:
        session.go_on(told.args[0], "key")
        session.stop()
    assert failed.args[0].text == "Training was stopped before its first step."
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "file"))
    with qtbot.waitSignal(session.failed, timeout=WAIT) as failed:
        session.go_on(told.args[0], "key")
        with pytest.raises(RuntimeError):
            session.go_on(told.args[0], "key")
    assert "could not be made" in failed.args[0].text
    assert session.state == "idle"


@pytest.mark.slow
def test_the_window_stays_quick_while_training_at_full_speed(session, endless, qtbot):
    """What the window's thread does between two ticks: 99 of 100 under 33 ms. Its own time, since machines may be busy."""
    ticks = []

    def tick() -> None:
        ticks.append((perf_counter(), thread_time()))

    with qtbot.waitSignal(session.progress, timeout=WAIT):
        session.train(endless, "key")
    timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start()
    qtbot.waitUntil(lambda: bool(ticks) and ticks[-1][0] - ticks[0][0] > 4.0, timeout=WAIT)
    timer.stop()
    assert np.percentile(np.diff(ticks, axis=0)[:, 1], 99) < 0.033
