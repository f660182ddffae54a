import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.graph import Graph
from engine.layers.batch_norm import BatchNorm
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizer import Optimizer
from engine.optimizers.sgd import SGD
from engine.process.client import Client, Finished, Past, Silent
from engine.process.headless import TrainingFailed, run_headless
from engine.process.messages import Failed, Paused, Progress, Reading, Ready
from engine.process.result import offer
from engine.project.file import digest, load, save
from engine.project.project import Project
from engine.project.run import Saved
from engine.training.events import Checkpointed
from engine.training.settings import TrainingSettings
from engine.training.store import Store


@pytest.fixture
def project(tmp_path) -> Project:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 90)
    x = rng.normal(size=(90, 4)) + np.eye(3, 4)[kind] * 3
    rows = [f"{','.join(f'{v:.6f}' for v in row)},{'abc'[k]}" for row, k in zip(x, kind, strict=True)]
    path = tmp_path / "flowers.csv"
    path.write_text("\n".join(["p,q,r,s,kind", *rows]) + "\n")
    graph = Graph().add("in", Input(columns=("p", "q", "r", "s"), size=(4,)))
    graph = graph.add("hidden", Dense(units=8), "in").add("relu", ReLU(), "hidden")
    graph = graph.add("head", Dense(units=3), "relu").add("out", Output(target="kind"), "head")
    return Project(graph, data=DataSettings(source=Csv(path=str(path))), training=TrainingSettings(epochs=5, batch=8))


@pytest.fixture
def client(tmp_path):
    client = Client(tmp_path / "checkpoints")
    yield client
    client.close()


def until(client: Client, *kinds) -> list:
    """Return what happens up to the first of these messages."""
    heard = []
    for message in client.messages():
        heard.append(message)
        if isinstance(message, kinds):
            return heard
    raise AssertionError(f"it ended: {heard[-1]}")


ENDLESS = 1_000_000
GOLDEN = Path(__file__).parents[1] / "files" / "format_1.netw"
TRIALS = int(os.environ.get("NETWRIGHT_KILLS", "6"))  # each takes seconds


def endless(project: Project) -> Project:
    return project.with_(training=project.training.with_(epochs=ENDLESS))


def test_it_trains_and_returns_a_run(project, tmp_path):
    heard = []
    finished = run_headless(project, tmp_path / "here", run_id="run-7", on_event=heard.append)
    run = finished.run
    assert (run.id, run.status, run.project) == ("run-7", "done", project)
    assert run.versions["blas_threads"] == "1"
    assert run.fitted["out"] == {"classes": ["a", "b", "c"]}
    assert [type(m) for m in heard[:2]] == [Reading, Ready]
    steps = [loss for m in heard if isinstance(m, Progress) and m.steps for loss in m.steps.losses]
    assert steps == run.history.losses.tolist()
    epochs = [done.epoch for m in heard if isinstance(m, Progress) for done in m.epochs]
    assert tuple(epochs) == run.history.epochs
    assert run.counters["step"] == len(steps) == 45


def test_the_same_project_gives_the_same_run(project, tmp_path):
    one, other = (run_headless(project, tmp_path / name).run for name in ("one", "other"))
    assert digest(Saved(project, (one,))) == digest(Saved(project, (other,)))
    assert one.history.losses.tolist() == other.history.losses.tolist()


def test_a_killed_process_resumes_exactly(project, client, tmp_path):
    project = project.with_(training=project.training.with_(epochs=2000))
    client.start(project, every=0.1)
    until(client, Checkpointed)
    client.kill()
    failed = until(client, Failed)[-1]
    assert "ended from outside (signal 9). The last checkpoint is from epoch" in failed.text
    heard = []
    resumed = run_headless(None, client.folder, resume=True, on_event=heard.append).run
    whole = run_headless(project, tmp_path / "whole").run
    assert isinstance(heard[0], Past)
    assert 0 < len(heard[0].history.losses) < 18_000
    assert resumed.history.losses.tolist() == whole.history.losses.tolist()
    assert digest(Saved(project, (resumed,))) == digest(Saved(project, (whole,)))


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="Windows is told when the process is started")
def test_the_window_comes_first_where_both_want_the_processor(project, client):
    client.start(endless(project))
    until(client, Progress)
    assert os.getpriority(os.PRIO_PROCESS, client.pid) > os.getpriority(os.PRIO_PROCESS, 0)


def test_stop_keeps_what_was_learnt(project, client):
    client.start(endless(project))
    until(client, Progress)
    client.stop()
    finished = until(client, Finished)[-1]
    assert finished.run.status == "stopped"
    assert len(finished.run.history.losses.tolist()) == finished.run.counters["step"] > 0


def test_pause_rests_with_a_checkpoint_and_goes_on(project, client):
    client.start(endless(project))
    until(client, Progress)
    client.pause()
    client.pause()
    assert until(client, Paused)[-1] == Paused(True)
    until(client, Checkpointed)
    client.proceed()
    assert until(client, Paused)[-1] == Paused(False)
    until(client, Progress)


def test_a_process_that_is_gone_before_any_checkpoint_says_so(project, client):
    client.start(endless(project))
    client.kill()
    failed = until(client, Failed)[-1]
    assert failed.text == (
        "The training process was ended from outside (signal 9). There is no checkpoint yet; train again."
    )
    assert failed.resumable is None


def test_a_crash_is_called_a_crash(project, client):
    client.start(endless(project))
    until(client, Ready)
    os.kill(client.pid, signal.SIGSEGV)
    failed = until(client, Failed)[-1]
    assert "crashed (SIGSEGV)" in failed.text
    assert "Segmentation fault" in failed.trace


def test_silence_is_told_once_and_only_while_it_lasts(project, client, monkeypatch):
    client.start(endless(project))
    until(client, Ready)
    os.kill(client.pid, signal.SIGSTOP)
    monkeypatch.setattr("engine.process.client.SILENCE", 0.3)
    told = []
    while not told:
        told = [m for m in client.poll() if isinstance(m, Silent)]
    assert "has not answered for" in told[0].text
    assert not any(isinstance(m, Silent) for m in client.poll())
    os.kill(client.pid, signal.SIGCONT)
    until(client, Progress)


def test_data_that_is_missing_is_a_sentence(project, client):
    client.start(project.with_(data=DataSettings()))
    failed = until(client, Failed)[-1]
    assert failed.text.startswith("The project has no data yet.")
    assert not failed.trace


def test_resuming_without_a_checkpoint_is_refused(project, tmp_path):
    with pytest.raises(TrainingFailed, match="no checkpoint to resume from"):
        run_headless(project, tmp_path / "none", resume=True)


def test_resuming_another_project_or_other_data_is_refused(project, tmp_path):
    folder = tmp_path / "kept"
    run_headless(project, folder)
    other = project.with_(training=project.training.with_(rate=0.5))
    with pytest.raises(TrainingFailed, match="changed since the checkpoint of epoch 5"):
        run_headless(other, folder, resume=True)
    with open(project.data.source.path, "a") as file:
        file.write("1,2,3,4,a\n")
    with pytest.raises(TrainingFailed, match=r"data of flowers.csv changed"):
        run_headless(project, folder, resume=True)


def test_a_training_from_the_start_leaves_nothing_to_resume_of_the_one_before(project, tmp_path):
    (run, _) = load(GOLDEN).runs
    offer(run.with_(counters={**run.counters, "step": 10_000}), tmp_path / "kept")
    assert Store(tmp_path / "kept").newest().checkpoint.step == 10_000
    run_headless(project.with_(training=project.training.with_(epochs=1)), tmp_path / "kept")
    found = Store(tmp_path / "kept").newest().checkpoint
    assert (found.step, found.epoch, found.about["status"]) == (9, 1, "done")


def test_a_run_that_diverges_is_kept_and_says_where(project, tmp_path):
    settings = project.training.with_(rate=99.0, epochs=ENDLESS, optimizer=SGD())
    head = Output(target="p", loss=MeanSquaredError())
    graph = project.graph.add("in", Input(columns=("q", "r", "s"), size=(3,)))
    graph = graph.add("head", Dense(units=1)).add("out", head)
    wild = project.with_(training=settings, graph=graph.connect("hidden", "head"))
    finished = run_headless(wild, tmp_path / "wild")
    assert finished.run.status == "failed"
    assert finished.node in wild.graph.nodes
    assert "smaller learning rate than 99" in finished.text


def test_a_result_comes_through_the_pipe_where_no_file_can_be_written(project, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    heard = []
    run = run_headless(project, blocked / "folder", on_event=heard.append).run
    assert run.status == "done"
    assert any("could not be made" in m.trouble for m in heard if isinstance(m, Checkpointed))


def test_closing_leaves_a_checkpoint_and_no_process(project, tmp_path):
    client = Client(tmp_path / "kept")
    client.start(endless(project))
    until(client, Progress)
    pid = client.pid
    client.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(client.folder.glob("*.checkpoint"))


_PARENT = """
import sys
from pathlib import Path
from engine.process.client import Client
from engine.process.messages import Progress
from engine.project.file import load
client = Client(Path(sys.argv[2]))
client.start(load(sys.argv[1]).project)
for message in client.messages():
    if isinstance(message, Progress):
        print(client.pid, flush=True)
"""


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_it_dies_with_its_parent_and_leaves_a_checkpoint(project, tmp_path):
    save(tmp_path / "p.netw", Saved(endless(project)))
    script = tmp_path / "parent.py"  # without a main guard, as people write them
    script.write_text(_PARENT)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    command = [sys.executable, str(script), str(tmp_path / "p.netw"), str(tmp_path / "kept")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    descriptor = os.pidfd_open(pid) if not _gone(pid) else None
    if descriptor is not None:
        import select

        assert select.select([descriptor], [], [], 10)[0], "the training process outlived its parent"
        os.close(descriptor)
    assert list((tmp_path / "kept").glob("*.checkpoint"))


def test_a_run_goes_on_where_its_project_file_was_all_that_was_left(project, tmp_path):
    longer = project.with_(training=project.training.with_(epochs=8))
    whole = run_headless(longer, tmp_path / "whole").run
    run = run_headless(project, tmp_path / "first").run
    save(tmp_path / "p.netw", Saved(project, (run,)))
    (kept,) = load(tmp_path / "p.netw").runs
    offer(kept, tmp_path / "offered")
    longest = run_headless(longer, tmp_path / "offered", resume=True).run
    assert longest.history.losses.tolist() == whole.history.losses.tolist()
    assert digest(Saved(project, (longest,))) == digest(Saved(project, (whole,)))


def test_a_run_whose_patience_is_over_learns_longer_all_the_same(project, tmp_path):
    eager = project.with_(training=project.training.with_(epochs=50, patience=1, rate=0.5))
    run = run_headless(eager, tmp_path / "first").run
    done = len(run.history.epochs)
    assert (run.status, done < 50) == ("done", True)
    offer(run.longer(6), tmp_path / "first")
    longer = run_headless(None, tmp_path / "first", resume=True).run
    assert (longer.status, len(longer.history.epochs)) == ("done", done + 6)
    assert longer.history.losses[: len(run.history.losses)].tolist() == run.history.losses.tolist()


def test_patience_that_is_not_over_still_counts_when_a_run_learns_longer(project, tmp_path):
    patient = project.with_(training=project.training.with_(epochs=2, patience=30))
    assert run_headless(patient, tmp_path / "first").run.longer(8).project.training.patience == 30


def test_two_at_once_do_not_share_a_folder(project, client, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.process.worker.GRACE", 0.1)
    client.start(endless(project))
    until(client, Ready)
    assert not Store(client.folder).claim()
    with pytest.raises(TrainingFailed, match="Another training of this project is under way"):
        run_headless(project, client.folder)
    client.stop()
    until(client, Finished)
    assert run_headless(project, client.folder).run.status == "done"


def test_nonsense_from_the_process_is_an_end_with_a_sentence(project, client, monkeypatch):
    monkeypatch.setattr("engine.process.client._command", lambda: [sys.executable, "-c", "print('x' * 100)"])
    client.start(project)
    assert "ended by itself with code" in until(client, Failed)[-1].text


@pytest.mark.parametrize(
    ("error", "text", "traced"),
    [
        (
            "MemoryError('Unable to allocate 9 GiB.')",
            "not enough memory (Unable to allocate 9 GiB). Choose a smaller",
            False,
        ),
        ("ZeroDivisionError('by zero')", "a fault in the program (ZeroDivisionError: by zero)", True),
    ],
)
def test_whatever_goes_wrong_in_the_process_is_told(project, client, monkeypatch, error, text, traced):
    script = f"""
from engine.process import worker
def fail(*_): raise {error}
worker._prepare = fail
worker.main()"""
    monkeypatch.setattr("engine.process.client._command", lambda: [sys.executable, "-c", script])
    client.start(project)
    failed = until(client, Failed)[-1]
    assert text in failed.text
    assert ("Traceback" in failed.trace) is traced


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_it_with_what_was_learnt_and_twice_at_once(project, tmp_path, times):
    interrupts = iter([KeyboardInterrupt()] * times)

    def on_event(message):
        if isinstance(message, Progress) and (interrupt := next(interrupts, None)):
            raise interrupt

    if times == 1:
        run = run_headless(endless(project), tmp_path / "kept", on_event=on_event).run
        assert run.status == "stopped"
        assert len(run.history.losses)
    else:
        with pytest.raises(KeyboardInterrupt):
            run_headless(endless(project), tmp_path / "kept", on_event=on_event)


def test_a_process_that_will_not_end_is_ended(project, client, monkeypatch):
    client.start(endless(project))
    until(client, Ready)
    os.kill(client.pid, signal.SIGSTOP)
    pid = client.pid
    client.close(grace=0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.slow
@pytest.mark.parametrize("trial", range(TRIALS))
def test_random_kills_change_nothing(project, tmp_path, trial):
    """Kill up to three times at random moments, resume each time: the same state to the last bit."""
    rng = np.random.default_rng(trial)
    optimizer = list(Optimizer.registry.values())[trial % len(Optimizer.registry)]()
    settings = project.training.with_(epochs=300, optimizer=optimizer, shuffle=bool(trial % 2), rate=1e-3)
    graph = project.graph.add("norm", BatchNorm(), "relu").add("drop", Dropout(), "norm").connect("drop", "head")
    project = project.with_(graph=graph if trial % 3 else project.graph, training=settings)
    whole = run_headless(project, tmp_path / "whole").run
    folder = tmp_path / "killed"
    last, kills = None, int(rng.integers(1, 4))
    while not isinstance(last, Finished):
        client = Client(folder)
        resume = any(folder.glob("*.checkpoint"))
        client.start(project, resume=resume, every=0.05)
        wait = int(rng.integers(1, 12)) if kills else -1
        for message in client.messages():
            wait -= isinstance(message, Progress | Checkpointed)
            if wait == 0:
                client.kill()
                kills, wait = kills - 1, -1
            last = message
        client.close()
    assert last.run.history.losses.tolist() == whole.history.losses.tolist()
    assert digest(Saved(project, (last.run,))) == digest(Saved(project, (whole,)))
