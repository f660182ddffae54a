import os
import signal

import numpy as np
import pytest

from app.training import leaving
from app.training.leaving import leave_training
from engine.layers.input import Input
from engine.layers.output import Output
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.sgd import SGD
from engine.project.file import load, save
from engine.project.project import Project
from engine.project.run import Saved

from .small_trainings import WAIT, Bench, flower_project, flowers


@pytest.fixture
def table(tmp_path):
    return flowers(tmp_path / "flowers.csv")


@pytest.fixture
def bench(qtbot, table):
    bench = Bench(qtbot, flower_project(table))
    yield bench
    bench.trainer.close()


@pytest.fixture
def endless(bench):
    bench.document.edit("Go on for ever", lambda p: p.with_(training=p.training.with_(epochs=1_000_000)))
    return bench


def begun(bench, signal="progress"):
    with bench.qtbot.waitSignal(getattr(bench.trainer.session, signal), timeout=WAIT):
        bench.trainer.start()


def until(bench, state):
    bench.qtbot.waitUntil(lambda: bench.trainer.state == state, timeout=WAIT)


def test_a_finished_run_is_kept_and_saved_with_the_project(bench, tmp_path):
    assert not bench.document.is_modified
    run = bench.train()
    assert bench.trainer.state == "idle"
    assert (run.id, run.status, len(run.history.epochs)) == ("run-1", "done", 4)
    assert bench.document.runs == (run,)
    assert bench.document.is_modified
    path = tmp_path / "flowers.netw"
    save(path, Saved(bench.document.project, bench.document.runs))
    bench.document.mark_saved(path)
    assert not bench.document.is_modified
    [again] = load(path).runs
    assert again.history.losses.tolist() == run.history.losses.tolist()
    assert all(np.array_equal(again.parameters[name], array) for name, array in run.parameters.items())


def test_undo_never_touches_runs(bench):
    before = bench.document.project
    bench.document.edit("Fewer", lambda p: p.with_(training=p.training.with_(epochs=1)))
    run = bench.train()
    bench.document.undo()
    assert bench.document.project == before
    assert bench.document.runs == (run,)
    assert run.project.training.epochs == 1
    bench.document.redo()
    assert bench.document.runs == (run,)


def test_every_run_has_a_name_of_its_own(bench):
    bench.document.edit("Fewer", lambda p: p.with_(training=p.training.with_(epochs=1)))
    assert [bench.train().id, bench.train().id] == ["run-1", "run-2"]
    bench.document.runs = bench.document.runs[1:]
    assert bench.train().id == "run-3"


def test_a_change_while_training_is_not_in_the_run(endless):
    begun(endless)
    endless.document.edit("Other rate", lambda p: p.with_(training=p.training.with_(rate=0.5)))
    with endless.qtbot.waitSignal(endless.trainer.kept, timeout=WAIT) as told:
        endless.trainer.stop()
    assert told.args[0].project.training.rate == 0.01
    assert endless.document.project.training.rate == 0.5


def test_stop_keeps_what_was_learnt(endless):
    begun(endless, "epoch_done")
    with endless.qtbot.waitSignal(endless.trainer.kept, timeout=WAIT) as told:
        endless.trainer.stop()
    run = told.args[0]
    assert run.status == "stopped"
    assert run.fitted
    assert run.parameters


def test_pause_and_proceed(endless):
    begun(endless)
    endless.trainer.pause()
    until(endless, "paused")
    with endless.qtbot.waitSignal(endless.trainer.session.progress, timeout=WAIT):
        endless.trainer.proceed()
    assert endless.trainer.state == "training"


def test_a_second_start_while_training_does_nothing(endless):
    begun(endless)
    pid = endless.trainer.session.pid
    endless.trainer.start()
    assert endless.trainer.session.pid == pid


def test_a_rate_that_is_far_too_large_names_the_box_and_keeps_a_run(bench):
    graph = bench.document.project.graph.add("in", Input(columns=("q", "r", "s"), size=(3,)))
    graph = graph.add("head", graph.nodes["head"].with_(units=1)).add(
        "out", Output(target="p", loss=MeanSquaredError())
    )
    graph = graph.connect("hidden", "head")
    bench.document.edit(
        "Diverge",
        lambda p: p.with_(graph=graph, training=p.training.with_(rate=100.0, optimizer=SGD(), epochs=1000)),
    )
    told = []
    bench.trainer.failed.connect(lambda sentence, resumable: told.append((sentence, resumable)))
    run = bench.train()
    bench.qtbot.waitUntil(lambda: bool(told))
    [(sentence, resumable)] = told
    assert "smaller learning rate" in sentence
    assert not resumable
    assert run.status == "failed"
    [node] = bench.document.selection
    assert node in sentence


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_worker_is_told_and_resuming_goes_on_the_same(endless, qtbot):
    begun(endless, "checkpointed")
    with qtbot.waitSignal(endless.trainer.failed, timeout=WAIT) as told:
        os.kill(endless.trainer.session.pid, signal.SIGKILL)
    sentence, resumable = told.args
    assert "signal 9" in sentence
    assert resumable
    assert endless.trainer.state == "idle"
    with qtbot.waitSignal(endless.trainer.session.started, timeout=WAIT) as told:
        endless.trainer.resume()
    killed = told.args[0].step
    again = _stopped_after(endless, killed)
    assert again.id == "run-1"
    endless.trainer.start()
    whole = _stopped_after(endless, killed)
    common = min(len(again.history.losses), len(whole.history.losses))
    assert common > killed > 0
    assert again.history.losses[:common].tolist() == whole.history.losses[:common].tolist()


def _stopped_after(bench, step):
    """Stop the training once it has gone further than a step, and return its run."""
    steps = []
    with bench.qtbot.waitSignal(bench.trainer.kept, timeout=WAIT) as told:
        bench.trainer.session.progress.connect(lambda told: steps.append(told.first + len(told.losses)))
        bench.qtbot.waitUntil(lambda: bool(steps) and steps[-1] > step, timeout=WAIT)
        bench.trainer.stop()
    return told.args[0]


def test_another_project_does_not_get_the_run(endless, qtbot):
    begun(endless)
    pid = endless.trainer.session.pid
    endless.document.open(Project(notes="another"))
    assert endless.trainer.state == "idle"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert endless.document.runs == ()
    assert not endless.document.is_modified


def test_a_training_that_was_put_off_is_offered_when_its_project_is_opened_again(endless, tmp_path):
    path, project = tmp_path / "flowers.netw", endless.document.project
    endless.open(project, path)
    begun(endless, "checkpointed")
    endless.trainer.close()
    offered = []
    endless.trainer.unfinished.connect(offered.append)
    endless.open(Project())
    assert not offered
    endless.open(project, path)
    assert len(offered) == 1
    with endless.qtbot.waitSignal(endless.trainer.session.started, timeout=WAIT) as told:
        endless.trainer.resume()
    began, past = told.args
    assert began.step == len(past.losses) > 0


@pytest.mark.parametrize("wish", ["stop", "later", ""])
def test_leaving_a_project_asks_about_its_training(endless, monkeypatch, wish):
    monkeypatch.setattr(leaving, "ask", lambda *_: wish)
    begun(endless)
    left = []
    leave_training(None, endless.trainer, lambda: left.append(endless.document.runs))
    if wish == "":
        assert not left
        assert endless.trainer.state == "training"
        return
    endless.qtbot.waitUntil(lambda: bool(left), timeout=WAIT)
    assert endless.trainer.state == "idle"
    assert len(left[0]) == (1 if wish == "stop" else 0)


def test_leaving_before_the_first_step_tells_nobody_of_a_failure(endless, monkeypatch):
    monkeypatch.setattr(leaving, "ask", lambda *_: "stop")
    told, left = [], []
    endless.trainer.failed.connect(lambda *parts: told.append(parts))
    endless.trainer.start()
    leave_training(None, endless.trainer, lambda: left.append(True))
    endless.qtbot.waitUntil(lambda: bool(left), timeout=WAIT)
    assert not told


def test_leaving_where_nothing_is_trained_asks_nothing(bench, monkeypatch):
    monkeypatch.setattr(leaving, "ask", lambda *_: pytest.fail("asked"))
    left = []
    leave_training(None, bench.trainer, lambda: left.append(True))
    assert left


def test_why_nothing_can_be_trained(bench, table):
    assert bench.trainer.reason() == ""
    bench.data.again()
    assert bench.trainer.reason() == "The data is being read."
    bench.ready()
    bench.open(Project())
    assert bench.trainer.reason() == "There are no boxes yet."
    bench.open(flower_project(table).with_(data=Project().data))
    assert bench.trainer.reason() == "Choose the data to learn from first."
    bench.open(flower_project(table, batch=0))
    assert "batch" in bench.trainer.reason().lower()


def test_a_worker_that_fails_is_told(bench, tmp_path, table, qtbot):
    table.unlink()
    with qtbot.waitSignal(bench.trainer.failed, timeout=WAIT) as told:
        bench.trainer.start()
    assert str(table) in told.args[0]
    assert told.args[1] is False
    assert bench.document.runs == ()
