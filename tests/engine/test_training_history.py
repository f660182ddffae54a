import json

import numpy as np
import pytest

from engine.training.history import Epoch, History, Recorder, telling_scores


def epoch(number: int, loss: float | None) -> Epoch:
    return Epoch(number, number * 2, 0.1, 0.5, {"out": {"Accuracy": 0.5, "R2": None}}, loss)


def recorded() -> Recorder:
    recorder = Recorder()
    for step in range(5):
        recorder.step(1 / (step + 3), 0.1 if step < 3 else 0.05, step / 7)
    for number, loss in enumerate((0.9, 0.3, 0.5, 0.3), start=1):
        recorder.close(epoch(number, loss))
    return recorder


def test_json_keeps_every_bit():
    before = recorded().snapshot()
    after = History.from_dict(json.loads(json.dumps(before.to_dict())))
    for name in ("losses", "rates", "gradient_norms"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert after.epochs == before.epochs
    assert before.to_dict()["rates"] == [[0.1, 3], [0.05, 2]]


def test_an_empty_history_comes_back():
    assert History.from_dict(History().to_dict()).best is None


def test_the_best_epoch_is_the_first_with_the_lowest_loss():
    recorder = recorded()
    assert recorder.best is recorder.epochs[1]
    assert recorder.snapshot().best == recorder.epochs[1]


@pytest.mark.parametrize("loss", [None, float("nan"), float("inf")])
def test_an_epoch_without_a_finite_loss_is_never_the_best(loss):
    recorder = Recorder()
    assert not recorder.close(epoch(1, loss))
    assert recorder.best is None
    assert recorder.close(epoch(2, 5.0))
    assert not recorder.close(epoch(3, loss))
    assert recorder.snapshot().best == recorder.epochs[1]


def test_a_snapshot_does_not_change_when_the_recorder_grows():
    recorder = recorded()
    before = recorder.snapshot()
    recorder.step(1.0, 1.0, 1.0)
    recorder.close(epoch(5, 0.0))
    assert len(before.losses) == 5
    assert len(before.epochs) == 4
    with pytest.raises(ValueError, match="read-only"):
        before.losses[0] = 1.0


def test_a_recorder_goes_on_from_a_history():
    grown = Recorder(recorded().snapshot())
    grown.step(0.25, 0.1, 0.0)
    assert len(grown) == 6
    assert grown.best == recorded().best


@pytest.mark.parametrize("raw", [{}, {"losses": 3, "rates": [], "gradient_norms": [], "epochs": []}])
def test_what_is_no_history_is_refused(raw):
    with pytest.raises((KeyError, TypeError, ValueError)):
        History.from_dict(raw)


def test_an_accuracy_that_hides_lost_classes_is_told_with_the_balanced_one():
    assert telling_scores({"out": {"Accuracy": 0.97, "BalancedAccuracy": 0.5}}) == [
        ("Accuracy", 0.97),
        ("BalancedAccuracy", 0.5),
    ]
    assert telling_scores({"out": {"Accuracy": 0.97, "BalancedAccuracy": 0.95}}) == [("Accuracy", 0.97)]
    assert telling_scores({"out": {"R2": 0.5}}) == [("R2", 0.5)]
    assert telling_scores({"out": {"Accuracy": None}}) == telling_scores({}) == []
