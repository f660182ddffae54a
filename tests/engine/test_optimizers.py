"""Promises of every optimizer."""

import json

import numpy as np
import pytest

from engine.catalog import Optimizer
from engine.layer import needs
from engine.optimizers.lion import Lion
from engine.optimizers.sgd import SGD
from engine.plan.state import State


def variants(kind):
    """Return an optimizer with its defaults, and one for each parameter with another value."""
    yield kind()
    for name, wanted in kind.types().items():
        if wanted is bool:
            yield kind(**{name: not getattr(kind(), name)})
        elif wanted is float:
            rule = kind.params()[name]
            yield kind(**{name: min(max(0.1, rule.min), rule.max)})


CASES = [
    pytest.param(optimizer, id=f"{name}-{i}")
    for name, kind in sorted(Optimizer.registry.items())
    for i, optimizer in enumerate(variants(kind))
]


class Course:
    """Arrays that an optimizer moves, all drawn from the same numbers."""

    def __init__(self, optimizer, count=37, dtype=np.float64):
        rng = np.random.default_rng(0)
        self.optimizer, self.step = optimizer, 0
        self.parameter = rng.normal(size=count).astype(dtype)
        self.gradients = rng.normal(size=(50, count)).astype(dtype) * np.geomspace(1e-3, 1e2, count).astype(dtype)
        self.held = {name: np.zeros(count, dtype) for name in (*optimizer.slots, *optimizer.scratch)}

    def update(self, rate, part=slice(None)):
        """Do one update of a part of the vectors, with rates that differ from step to step."""
        self.step += 1
        given = {name: array[part] for name, array in self.held.items()}
        given |= {"parameter": self.parameter[part], "grad": self.gradients[self.step - 1][part].copy()}
        given |= {"rate": rate, "step": self.step}
        self.optimizer.update(**{name: given[name] for name in needs(type(self.optimizer), "update")})


def rates():
    return [0.01 / (1 + step / 10) for step in range(50)]


@pytest.mark.parametrize("optimizer", CASES)
def test_it_is_declared_in_full(optimizer):
    assert optimizer.problems() == {}
    assert Optimizer.from_dict(json.loads(json.dumps(optimizer.to_dict()))) == optimizer
    known = {"parameter", "grad", "rate", "step", *optimizer.slots, *optimizer.scratch}
    assert set(needs(type(optimizer), "update")) <= known


@pytest.mark.parametrize("optimizer", CASES)
def test_it_works_elementwise(optimizer):
    """Any slice can be updated by itself: so workers can share the work."""
    whole, parts = Course(optimizer), Course(optimizer)
    for rate in rates()[:5]:
        whole.update(rate)
        for part in (slice(0, 11), slice(11, 37)):
            parts.update(rate, part)
            parts.step -= part.start == 0
    np.testing.assert_array_equal(whole.parameter, parts.parameter)
    for name in optimizer.slots:
        np.testing.assert_array_equal(whole.held[name], parts.held[name])


@pytest.mark.parametrize("optimizer", CASES)
def test_it_keeps_single_precision(optimizer):
    single, double = Course(optimizer, dtype=np.float32), Course(optimizer)
    for rate in rates():
        single.update(rate)
        double.update(rate)
    assert single.parameter.dtype == np.float32
    np.testing.assert_allclose(single.parameter, double.parameter, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimizer", CASES)
def test_it_finds_a_minimum(optimizer):
    """It goes downhill from far away on a bowl with one steep and one flat direction."""
    x, scale = np.array([3.0, -2.0]), np.array([1.0, 0.1])
    held = {name: np.zeros(2) for name in (*optimizer.slots, *optimizer.scratch)}
    rate = float(np.clip(3 * optimizer.usual_rate, 0.02, 1.0))
    for step in range(1, 401):
        given = held | {"parameter": x, "grad": scale * x, "rate": rate, "step": step}
        optimizer.update(**{name: given[name] for name in needs(type(optimizer), "update")})
    assert (scale * x * x).sum() < 0.5 * (scale * np.array([9.0, 4.0])).sum()


@pytest.mark.parametrize("optimizer", CASES)
def test_a_state_can_use_it(optimizer):
    from engine.layer import Weight

    state = State({"a.weight": Weight((3, 2), fill=1.0)}, optimizer, 0, np.float32)
    state.gradient[...] = 1.0
    state.update(0.1)
    assert (state.parameters["a.weight"] < 1).all()


IN_TORCH = [case for case in CASES if case.values[0].torch()]


@pytest.mark.oracle
@pytest.mark.parametrize("optimizer", IN_TORCH)
def test_fifty_steps_as_pytorch(optimizer, witness):
    import torch

    course = Course(optimizer)
    tensor = torch.nn.Parameter(torch.tensor(course.parameter))
    theirs = eval(optimizer.torch(), {"torch": torch, "parameters": [tensor], "rate": rates()[0]})
    for step, rate in enumerate(rates()):
        theirs.param_groups[0]["lr"] = rate
        tensor.grad = torch.tensor(course.gradients[step])
        theirs.step()
        course.update(rate)
    witness.alike(type(optimizer), "PyTorch", "parameters after 50 steps", course.parameter, tensor.detach(), 1e-6)


@pytest.mark.oracle
def test_nesterov_with_decay_as_pytorch(witness):
    test_fifty_steps_as_pytorch(SGD(momentum=0.8, nesterov=True, weight_decay=0.01), witness)


def test_lion_by_its_formula(witness):
    """PyTorch has none to compare with."""
    course, b1, b2, decay = Course(Lion(weight_decay=0.1)), 0.9, 0.99, 0.1
    parameter, mean = course.parameter.copy(), np.zeros(37)
    for gradient, rate in zip(course.gradients, rates(), strict=True):
        parameter -= rate * (np.sign(b1 * mean + (1 - b1) * gradient) + decay * parameter)
        mean = b2 * mean + (1 - b2) * gradient
        course.update(rate)
    witness.alike(Lion, "the paper's formula", "parameters after 50 steps", course.parameter, parameter, 1e-12)
