"""Promises of every schedule."""

import json

import numpy as np
import pytest

from engine.catalog import Schedule
from engine.schedules.cosine import Cosine
from engine.schedules.step import Step

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


@pytest.mark.oracle
@pytest.mark.parametrize("schedule", CASES)
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")
def test_the_same_course_as_pytorch(schedule, witness):
    import torch

    epochs, rate = 30, 0.1
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    theirs = eval(schedule.torch(epochs), {"torch": torch, "optimizer": optimizer, "rate": rate})
    for epoch in range(epochs):
        factor = optimizer.param_groups[0]["lr"] / rate
        witness.alike(type(schedule), "PyTorch", "factors of 30 epochs", schedule.factor(epoch, epochs), factor, 1e-6)
        optimizer.step()
        theirs.step()
