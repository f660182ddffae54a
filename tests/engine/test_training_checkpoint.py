import itertools
from dataclasses import replace

import numpy as np
import pytest

from engine.layers.batch_norm import BatchNorm
from engine.layers.dropout import Dropout
from engine.optimizer import Optimizer
from engine.problems import UserError
from engine.training.checkpoint import Checkpoint, DamagedError
from engine.training.events import Checkpointed, Ended, EpochDone, Steps
from engine.training.history import Epoch
from engine.training.loop import Training
from engine.training.settings import TrainingSettings
from engine.training.store import Store, checkpoint_folder, keeping

from .training_cases import classifier, flowers

SETTINGS = TrainingSettings(epochs=4, batch=8, rate=0.02)
DROPOUT, NORM = Dropout(), BatchNorm()


def finished(training: Training) -> Training:
    list(training.events())
    return training


def interrupted(graph, settings, samples, steps: int, at_epoch_end: bool = False) -> Checkpoint:
    """Train for some steps and leave as a kill would; with `at_epoch_end`, after the epoch was closed."""
    training = Training(graph, settings, samples, report_every=0.0)
    for event in training.events():
        done = isinstance(event, EpochDone) if at_epoch_end else isinstance(event, Steps)
        if done and training.state.step >= steps:
            return training.checkpoint()
    raise AssertionError("it ended too early")


def same(one: Checkpoint, other: Checkpoint) -> None:
    for name in ("arrays", "best", "gathered"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours.keys() == theirs.keys()
        assert all(ours[key].tobytes() == theirs[key].tobytes() for key in ours), name
    assert one.random == other.random
    assert one.step == other.step
    for name in ("losses", "rates", "gradient_norms"):
        assert getattr(one.history, name).tobytes() == getattr(other.history, name).tobytes(), name
    for ours, theirs in zip(one.history.epochs, other.history.epochs, strict=True):
        assert (ours.loss, ours.metrics, ours.validation_loss) == (theirs.loss, theirs.metrics, theirs.validation_loss)


def resumes_exactly(graph, settings, *steps: int, at_epoch_end: bool = False) -> None:
    samples = flowers()
    whole = finished(Training(graph, settings, samples)).checkpoint()
    for count in steps:
        stopped = interrupted(graph, settings, samples, count, at_epoch_end)
        resumed = Training(graph, settings, samples, resume=Checkpoint.from_bytes(stopped.to_bytes()))
        same(finished(resumed).checkpoint(), whole)


def test_it_resumes_exactly_after_any_step():
    resumes_exactly(classifier(NORM, DROPOUT), SETTINGS, *range(1, 20))


def test_it_resumes_exactly_at_the_end_of_an_epoch():
    resumes_exactly(classifier(NORM, DROPOUT), SETTINGS, 5, 10, 15, at_epoch_end=True)


@pytest.mark.parametrize("name", sorted(Optimizer.registry))
def test_it_resumes_exactly_with_every_optimizer(name):
    resumes_exactly(classifier(), SETTINGS.with_(optimizer=Optimizer.registry[name]()), 1, 7, 15)


def test_patience_and_the_best_weights_are_resumed():
    settings = SETTINGS.with_(epochs=60, rate=0.5, patience=4, batch=16)
    resumes_exactly(classifier(), settings, 4, 13)


@pytest.mark.slow
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("between", [(), (DROPOUT,), (NORM,), (NORM, DROPOUT)], ids=["plain", "drop", "norm", "both"])
@pytest.mark.parametrize("name", sorted(Optimizer.registry))
def test_it_resumes_exactly_whatever_is_combined(name, between, shuffle):
    settings = SETTINGS.with_(optimizer=Optimizer.registry[name](), shuffle=shuffle)
    resumes_exactly(classifier(*between), settings, *range(1, 20, 3))


def test_more_epochs_go_on_from_a_finished_training():
    samples = flowers()
    whole = finished(Training(classifier(), SETTINGS.with_(epochs=6), samples)).checkpoint()
    first = finished(Training(classifier(), SETTINGS, samples)).checkpoint()
    same(finished(Training(classifier(), SETTINGS.with_(epochs=6), samples, resume=first)).checkpoint(), whole)


def test_a_checkpoint_of_another_network_is_refused():
    stopped = interrupted(classifier(), SETTINGS, flowers(), 3)
    with pytest.raises(UserError, match="another network"):
        Training(classifier(NORM), SETTINGS, flowers(), resume=stopped)


def test_a_checkpoint_of_other_data_is_refused():
    stopped = interrupted(classifier(), SETTINGS, flowers(), 3)
    with pytest.raises(UserError, match="38 training samples, but now there are 28"):
        Training(classifier(), SETTINGS, flowers(count=40), resume=stopped)


def test_every_damaged_byte_is_found():
    content = interrupted(classifier(), SETTINGS, flowers(), 3).to_bytes()
    for place in range(0, len(content), max(1, len(content) // 300)):
        with pytest.raises(UserError):
            Checkpoint.from_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
    for size in (0, 1, 8, 100, len(content) - 1):
        with pytest.raises(DamagedError):
            Checkpoint.from_bytes(content[:size])


def test_a_checkpoint_of_another_version_is_whole_but_of_no_use(monkeypatch, stopped):
    monkeypatch.setattr("engine.training.checkpoint.FORMAT", 2)
    content = stopped.to_bytes()
    monkeypatch.undo()
    with pytest.raises(UserError, match="written by another version of Netwright") as caught:
        Checkpoint.from_bytes(content)
    assert not isinstance(caught.value, DamagedError)


@pytest.fixture
def stopped() -> Checkpoint:
    return interrupted(classifier(), SETTINGS, flowers(), 12)


def test_the_newest_whole_checkpoint_is_found_and_the_damaged_set_aside(tmp_path, stopped):
    store = Store(tmp_path / "here")
    assert store.newest() is None
    store.save(interrupted(classifier(), SETTINGS, flowers(), 11))
    damaged = store.save(stopped)
    damaged.write_bytes(damaged.read_bytes()[:-5])
    found = store.newest()
    assert found.checkpoint.step == 11
    assert "damaged" in found.notes[0]
    assert "The one before it is used" in found.notes[0]
    assert [path.suffix for path in sorted(store.folder.iterdir())] == [".checkpoint", ".damaged"]


def test_the_last_two_and_the_best_stay(tmp_path):
    store, settings = Store(tmp_path), SETTINGS.with_(epochs=30, rate=0.5)
    training = Training(classifier(), settings, flowers())
    for event in training.events():
        if isinstance(event, EpochDone):
            assert not store.keep(training.checkpoint()).trouble
    assert training.recorder.best.number < 28, "the case must be best well before its end"
    steps = sorted(int(path.stem.removeprefix("step-")) for path in store.paths())
    assert steps == sorted({training.recorder.best.step, 145, 150})
    store.clear()
    assert store.newest() is None


def test_an_old_checkpoint_that_cannot_be_deleted_does_no_harm(tmp_path, monkeypatch, stopped):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "unlink", refuse)
    store = Store(tmp_path)
    for step in (1, 2, 3, 4):
        assert not store.keep(replace(stopped, step=step)).trouble
    assert len(store.paths()) == 4
    assert store.newest().checkpoint.step == 4
    monkeypatch.undo()
    store.keep(replace(stopped, step=5))
    assert len(store.paths()) == 2


def test_checkpoints_are_kept_on_the_way(tmp_path):
    training = Training(classifier(), SETTINGS, flowers(), report_every=0.0)
    events = list(keeping(training, Store(tmp_path), {"who": "test"}, every=0.0, least=0.0))
    kept = [event for event in events if isinstance(event, Checkpointed)]
    assert kept
    assert not any(event.trouble for event in kept)
    assert Store(tmp_path).newest().checkpoint.about == {"who": "test"}


class Clocked:
    """A training whose every event takes a second, and a store whose checkpoints take `cost`; notes when they are made."""

    def __init__(self, events, cost):
        self.told, self.cost, self.now, self.kept = events, cost, 0.0, []

    def events(self):
        for event in self.told:
            self.now += 1
            yield event

    def checkpoint(self, about):
        return about

    def keep(self, checkpoint):
        self.kept.append(self.now)
        self.now += self.cost
        return Checkpointed(0, 0)


STEP, EPOCH = Steps(0, 0, (), (), (), 0.0), EpochDone(Epoch(1, 1, 0.1, 0.1), best=True)


@pytest.mark.parametrize(
    ("event", "cost", "kept"),
    [
        (STEP, 0.0, [30, 60, 90, 120]),  # after half a minute of steps
        (STEP, 2.0, [30, 72, 114]),  # a twentieth of the time: 2 of 40 seconds
        (EPOCH, 0.0, [1, 5, 9]),  # at the end of an epoch, but not oftener than `least` says
        (EPOCH, 1.0, [1, 22, 43, 64]),
        (Ended(early=False, best_epoch=None), 0.0, []),
    ],
)
def test_checkpoints_are_made_as_often_as_they_are_worth_their_time(monkeypatch, event, cost, kept):
    clocked = Clocked([event] * 120, cost)
    monkeypatch.setattr("engine.training.store.perf_counter", lambda: clocked.now)
    told = list(keeping(clocked, clocked, {}, every=30.0, least=4.0))
    assert clocked.kept[: len(kept)] == kept
    assert [event for event in told if not isinstance(event, Checkpointed)] == clocked.told
    assert len(told) == 120 + len(clocked.kept)


def test_what_can_be_resumed_is_told_without_what_is_damaged(tmp_path, stopped):
    store = Store(tmp_path)
    assert store.glance() is None
    store.save(interrupted(classifier(), SETTINGS, flowers(), 11))
    newest = store.save(stopped)
    assert (store.glance().step, store.glance().epoch, store.glance().unfinished) == (12, 2, True)
    newest.write_bytes(b"\xff" * 100)
    assert store.glance().step == 11
    newest.unlink()
    newest.mkdir()  # cannot be read
    assert store.glance().step == 11
    found = store.newest()
    assert found.checkpoint.step == 11
    assert "could not be read, because it is a folder. The one before it is used instead." in found.notes[0]


@pytest.mark.parametrize(("status", "unfinished"), [("running", True), ("stopped", False), ("done", False)])
def test_only_a_training_that_neither_ended_nor_was_stopped_is_unfinished(tmp_path, stopped, status, unfinished):
    store = Store(tmp_path)
    store.save(replace(stopped, about={"status": status}))
    assert store.glance().unfinished is unfinished


def test_a_training_waits_a_moment_for_the_folder_and_not_longer(tmp_path, monkeypatch):
    one, other = Store(tmp_path), Store(tmp_path)
    assert one.claim()
    assert not other.claim()
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            one.release()

    monkeypatch.setattr("engine.training.store.sleep", wait)
    assert other.claim(patience=60.0)
    assert len(waits) == 3
    with pytest.raises(UserError, match="Another training of this project is under way"):
        one.take()
    other.release()
    one.take()
    one.release()


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_training(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    training = Training(classifier(), SETTINGS, flowers())
    events = list(keeping(training, Store(blocked / "folder"), {}))
    assert training.epoch == SETTINGS.epochs
    assert any("could not be made" in event.trouble for event in events if isinstance(event, Checkpointed))


def test_the_folder_depends_on_the_key(monkeypatch, tmp_path):
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path))
    one, other = checkpoint_folder("one.netw"), checkpoint_folder("other.netw")
    assert one != other
    assert one.is_relative_to(tmp_path)


def test_a_checkpoint_does_not_change_when_training_goes_on():
    training = Training(classifier(), SETTINGS, flowers(), report_every=0.0)
    events = training.events()
    list(itertools.islice(events, 8))
    taken = training.checkpoint()
    before = taken.to_bytes()
    list(events)
    assert np.frombuffer(taken.to_bytes(), np.uint8).tobytes() == before
