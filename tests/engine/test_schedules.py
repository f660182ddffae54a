"""Promises of every schedule."""

import json

import numpy as np
import pytest

from engine.catalog import Schedule
from engine.schedules.cosine import Cosine
from engine.schedules.on_plateau import OnPlateau
from engine.schedules.step import Step
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

from .test_training_checkpoint import finished, resumes_exactly
from .training_cases import classifier, flowers

WARMED = [kind for kind in Schedule.registry.values() if not kind.params()["warm_up"].hidden]


def variants(kind):
    """Yield a schedule with several warm-ups, and one for each number of its own with another value."""
    for warm_up in (0.0, 1.0, 4.0) if kind in WARMED else (0.0,):
        yield kind(warm_up=warm_up)
    for name, wanted in kind.types().items():
        rule = kind.params()[name]
        if name != "warm_up" and wanted is float:
            yield kind(**{name: (rule.min + rule.max) / 3})
        if wanted is int:
            yield kind(**{name: min(3, int(rule.max))})


CASES = [
    pytest.param(schedule, id=f"{name}-{i}")
    for name, kind in sorted(Schedule.registry.items())
    for i, schedule in enumerate(variants(kind))
]


@pytest.mark.parametrize("schedule", CASES)
def test_it_is_declared_in_full(schedule):
    assert schedule.problems() == {}
    assert Schedule.from_dict(json.loads(json.dumps(schedule.to_dict()))) == schedule


@pytest.mark.parametrize("schedule", CASES)
@pytest.mark.parametrize("epochs", [1, 2, 5, 30])
def test_factors_are_reasonable(schedule, epochs):
    """Also far beyond the plan, as after a resume with more epochs, and where the warm-up is longer than the training."""
    factors = [schedule.factor(epoch, epochs) for epoch in np.linspace(0, 3 * epochs, 91)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[0] > 0


@pytest.mark.parametrize("kind", WARMED)
def test_warm_up_rises_in_a_straight_line(kind):
    schedule = kind(warm_up=4.0)
    rises = np.diff([schedule.factor(epoch, 20) for epoch in (0, 1, 2, 3)])
    assert (rises > 0).all()
    np.testing.assert_allclose(rises, rises[0])
    assert schedule.factor(4, 20) == 1.0
    assert schedule.factor(7.5, 20) == kind().factor(3.5, 16)


def test_step_falls_at_its_epochs():
    schedule = Step(every=3, gamma=0.5)
    assert [schedule.factor(epoch, 10) for epoch in (0, 2.99, 3, 5, 6)] == [1, 1, 0.5, 0.5, 0.25]


def test_cosine_ends_where_it_should():
    schedule = Cosine(end=0.1)
    assert schedule.factor(0, 10) == 1
    assert schedule.factor(5, 10) == pytest.approx(0.55)
    assert schedule.factor(10, 10) == pytest.approx(0.1)
    assert schedule.factor(25, 10) == pytest.approx(0.1)


RESULTS = [5.0, 4.0, 4.5, 4.2, 4.1, 3.9, 3.8999, 3.95, 4.0, float("nan"), 3.8, 3.8, 3.8, 4.0, 4.0, 3.9, 3.9, 3.7, 3.0]


def results(count):
    """Return losses that fall, rest and rise."""
    return [RESULTS[i % len(RESULTS)] * (1 - i // len(RESULTS) / 4) for i in range(count)]


def test_a_plateau_is_one_of_the_best_result_not_of_the_last():
    schedule = OnPlateau(gamma=0.5, patience=1, least=0.2)
    factors = [schedule.told([3.0, 2.0, 2.5, 2.4, 2.3, 2.2, 2.1, 2.05, 1.0][:count]) for count in range(10)]
    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]


def test_a_schedule_that_is_told_nothing_keeps_to_its_course():
    assert all(schedule.told([]) == 1.0 for schedule in (case.values[0] for case in CASES))


def test_training_tells_its_results_also_after_a_resume():
    settings = TrainingSettings(epochs=9, batch=8, rate=0.5, schedule=OnPlateau(gamma=0.5, patience=0, warm_up=2.0))
    resumes_exactly(classifier(), settings, 7, 22, 30)
    training = finished(Training(classifier(), settings, flowers()))
    losses = [epoch.validation_loss for epoch in training.recorder.epochs]
    assert settings.schedule.told(losses[:-1]) < 1, "the case must have a plateau"
    for number, epoch in enumerate(training.recorder.epochs):
        done = (epoch.step - 1) / training.steps_per_epoch
        factor = settings.schedule.factor(done, 9) * settings.schedule.told(losses[:number])
        assert epoch.rate == pytest.approx(0.5 * factor)


def test_without_validation_the_training_loss_is_told():
    settings = TrainingSettings(epochs=4, batch=8, rate=0.5, schedule=OnPlateau(gamma=0.5, patience=0, threshold=1.0))
    training = finished(Training(classifier(), settings, flowers(validation=0)))
    assert [epoch.rate for epoch in training.recorder.epochs] == [0.5, 0.25, 0.125, 0.0625]


@pytest.mark.oracle
@pytest.mark.parametrize("schedule", [case for case in CASES if case.values[0].torch(30)])
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")
def test_the_same_course_as_pytorch(schedule, witness):
    import torch

    epochs, rate, told = 30, 0.1, results(30)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    theirs = eval(schedule.torch(epochs), {"torch": torch, "optimizer": optimizer, "rate": rate})
    for epoch in range(epochs):
        found = optimizer.param_groups[0]["lr"] / rate
        factor = schedule.factor(epoch, epochs) * schedule.told(told[:epoch])
        witness.alike(type(schedule), "PyTorch", "factors of 30 epochs", factor, found, 1e-6)
        optimizer.step()
        theirs.step(*([told[epoch]] if isinstance(theirs, torch.optim.lr_scheduler.ReduceLROnPlateau) else []))
