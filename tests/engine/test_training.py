import numpy as np
import pytest

from engine.graph import Graph
from engine.layers.output import Output
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.metric import Metric
from engine.plan.predict import Predictor
from engine.problems import UserError
from engine.schedule import Schedule
from engine.training import loop, pace
from engine.training.events import Began, Diverged, Ended, EpochDone, Steps, Validating
from engine.training.loop import Training, train
from engine.training.scores import Gathered, scores
from engine.training.settings import TrainingSettings

from .training_cases import classifier, flowers, regressor, sizes

SETTINGS = TrainingSettings(epochs=6, batch=8, rate=0.02)


def finish(training: Training) -> list:
    return list(training.events())


def test_it_learns():
    training = Training(classifier(), SETTINGS.with_(epochs=20), flowers())
    finish(training)
    history = training.recorder.snapshot()
    assert history.epochs[-1].validation_loss < 0.3 * history.epochs[0].loss
    assert history.epochs[-1].validation_metrics["out"]["Accuracy"] >= 0.9
    assert history.epochs[-1].metrics["out"]["Accuracy"] >= 0.9


def test_the_events_tell_the_whole_story_in_order():
    events = list(train(classifier(), SETTINGS.with_(epochs=2), flowers(), report_every=0.0))
    assert [type(event) for event in events] == [Began, *([Steps] * 5 + [Validating, EpochDone]) * 2, Ended]
    assert events[0] == Began(2, 5, 38, 12, 4 * 8 + 8 + 8 * 3 + 3)
    assert [event.first for event in events if isinstance(event, Steps)] == list(range(10))
    assert events[-1] == Ended(early=False, best_epoch=2)


def test_steps_are_told_in_bundles_that_lose_none():
    training = Training(classifier(), SETTINGS, flowers(), report_every=1e9)
    told = [loss for event in finish(training) if isinstance(event, Steps) for loss in event.losses]
    assert told == list(training.recorder.losses)
    assert len(told) == 30


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still, but for two seconds in every step."""
    now, step = [1000.0], Training._step

    def slow(self, *arguments):
        now[0] += 2
        step(self, *arguments)

    for module in (loop, pace):
        monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    monkeypatch.setattr(loop, "Stopwatch", lambda: pace.Stopwatch(started=now[0]))
    monkeypatch.setattr(Training, "_step", slow)
    return now


def test_an_epoch_lasts_as_long_as_its_steps_however_long_it_rests_between_them(clock):
    training = Training(classifier(), SETTINGS, flowers(), report_every=3.0)
    told = []
    for event in training.events():
        clock[0] += 100
        told += [event] if isinstance(event, Steps) else []
        if len(told) == 2 * 3 + 1:
            break
    resumed = Training(classifier(), SETTINGS, flowers(), resume=training.checkpoint(), report_every=3.0)
    clock[0] += 100
    finish(resumed)
    epochs = resumed.recorder.epochs
    assert [epoch.seconds for epoch in epochs] == [5 * 2] * 6
    assert [epoch.samples_per_second for epoch in epochs] == [38 / 10] * 6
    assert [len(event.losses) for event in told] == [2, 2, 1, 2, 2, 1, 2]
    assert [event.samples_per_second for event in told] == [pytest.approx(38 / 10)] * 7


def test_the_same_seed_gives_the_same_losses_and_another_seed_others():
    def losses(seed: int) -> list[float]:
        training = Training(classifier(), SETTINGS.with_(seed=seed), flowers())
        finish(training)
        return list(training.recorder.losses)

    assert losses(3) == losses(3)
    assert losses(3) != losses(4)


def test_every_epoch_sees_every_sample_once_in_another_order():
    training = Training(classifier(), SETTINGS, flowers())
    orders = []
    for event in training.events():
        if isinstance(event, Steps):
            orders.append(training._rows().copy())
    assert all(sorted(order) == sorted(training.samples.train) for order in orders)
    assert not np.array_equal(orders[0], orders[1])


def test_without_shuffling_the_order_is_that_of_the_data():
    training = Training(classifier(), SETTINGS.with_(shuffle=False), flowers())
    assert training._rows() is training.samples.train


def test_the_epoch_loss_weighs_the_smaller_last_batch():
    training = Training(classifier(), SETTINGS.with_(epochs=1), flowers())
    finish(training)
    losses = np.array(training.recorder.losses)
    assert training.recorder.epochs[0].loss == pytest.approx((losses[:4].sum() * 8 + losses[4] * 6) / 38)


def test_the_validation_loss_is_that_of_the_weights_at_the_end_of_the_epoch():
    training = Training(classifier(), SETTINGS.with_(keep_best=False), flowers())
    finish(training)
    samples = training.samples
    inputs = {"in": samples.inputs["in"][samples.validation]}
    answer = Predictor(training.graph, training.parameters()).answers(inputs)["out"]
    chosen = answer[np.arange(len(answer)), samples.targets["out"][samples.validation]]
    assert training.recorder.epochs[-1].validation_loss == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_numbers_are_scored_in_their_own_unit():
    training = Training(regressor(), SETTINGS.with_(epochs=40, rate=0.05), sizes())
    finish(training)
    scored = training.recorder.epochs[-1].validation_metrics["out"]
    assert scored["R2"] > 0.98
    assert 0.2 < scored["MeanAbsoluteError"] < 1.0  # 10 times what the standardised targets say


def test_every_metric_that_is_watched_and_suits_is_reported():
    training = Training(regressor(), SETTINGS.with_(epochs=1), sizes())
    finish(training)
    watched = {name: kind for name, kind in Metric.registry.items() if kind.while_training}
    expected = {name for name, kind in watched.items() if MeanSquaredError.target in kind.targets}
    assert set(training.recorder.epochs[0].metrics["out"]) == expected


def test_of_very_many_outputs_the_first_of_an_epoch_are_scored():
    samples = flowers()
    rows, told = samples.train[::-1], np.eye(3, dtype=np.float32)[samples.targets["out"][samples.train[::-1]]]
    told[5:] = np.roll(told[5:], 1, axis=1)  # all wrong
    found = {}
    for limit in (30, 3, 10_000):
        gathered = Gathered(classifier(), len(rows), limit)
        for start in range(0, len(rows), 8):
            gathered.add(start, {"out": told[start : start + 8]})
        found[limit] = gathered.scores(samples, rows)["out"]["Accuracy"]
    assert found == {30: 5 / 10, 3: 5 / 8, 10_000: 5 / 38}  # at least those of one step


def test_scores_that_rare_classes_cannot_hide_behind_are_watched():
    training = Training(classifier(), SETTINGS.with_(epochs=1), flowers())
    finish(training)
    epoch = training.recorder.epochs[0]
    assert list(epoch.metrics["out"]) == ["Accuracy", "BalancedAccuracy", "F1"]
    assert list(epoch.validation_metrics["out"]) == list(epoch.metrics["out"])
    graph = Graph().add("out", Output(loss=CrossEntropy()))
    logits, target = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32), np.arange(50) % 2
    of_two = [
        list(scores(graph, {"out": logits}, {"out": target}, {}, learnt=learnt)["out"]) for learnt in (True, False)
    ]
    assert of_two == [list(epoch.metrics["out"]), [*epoch.metrics["out"], "ROCAUC"]]


class _Halving(Schedule, abstract=True):
    def factor(self, epoch: float, epochs: int) -> float:
        return 1 - epoch / epochs


def test_the_schedule_is_asked_before_every_step():
    training = Training(classifier(), SETTINGS.with_(epochs=2, schedule=_Halving(), rate=1.0), flowers())
    finish(training)
    np.testing.assert_allclose(training.recorder.rates, 1 - np.arange(10) / 10)


def test_the_best_weights_are_kept():
    training = Training(classifier(), SETTINGS.with_(epochs=30, rate=0.5), flowers())
    best = {}
    for event in training.events():
        if isinstance(event, EpochDone) and event.best:
            best = {name: array.copy() for name, array in training.state.parameters.items()}
    kept = training.parameters()
    assert training.recorder.best.number < 30, "the case must not be best at its end"
    assert all(np.array_equal(kept[name], best[name]) for name in best)


def test_patience_ends_it_early():
    settings = SETTINGS.with_(epochs=200, rate=0.5, patience=3)
    training = Training(classifier(), settings, flowers())
    last = finish(training)[-1]
    assert last == Ended(early=True, best_epoch=training.epoch - 3)


def test_without_validation_the_last_weights_are_kept():
    training = Training(classifier(), SETTINGS.with_(patience=1), flowers(validation=0))
    assert finish(training)[-1] == Ended(early=False, best_epoch=None)
    assert training.recorder.epochs[-1].validation_loss is None
    assert training.parameters().keys() == training.state.parameters.keys()


def test_fewer_samples_than_a_batch_are_one_step():
    training = Training(classifier(), SETTINGS.with_(batch=1000), flowers())
    assert finish(training)[0].steps_per_epoch == 1


def test_without_samples_it_says_so():
    with pytest.raises(UserError, match="at least one sample"):
        Training(classifier(), SETTINGS, flowers(count=12))


def test_too_large_a_rate_is_named_and_the_best_weights_stay():
    training = Training(regressor(), SETTINGS.with_(rate=99.0, epochs=2000), sizes())
    samples = training.samples
    samples.inputs["in"][:] *= np.float32(1e22)
    events = finish(training)
    assert isinstance(events[-1], Diverged)
    assert "smaller learning rate than 99" in events[-1].text
    assert events[-1].step == len(training.recorder) + 1
    assert all(np.isfinite(array).all() for array in training.parameters().values())


def test_bad_data_is_named_by_its_input():
    samples = flowers()
    samples.inputs["in"][samples.train[3], 2] = np.nan
    last = finish(Training(classifier(), SETTINGS, samples))[-1]
    assert (last.node, last.tensor) == ("in", "data")
    assert "columns of in" in last.text
