"""Promises of every optimizer."""

import json

import numpy as np
import pytest

from engine.catalog import Optimizer
from engine.layer import needs
from engine.optimizers.adamw import AdamW
from engine.optimizers.lamb import LAMB
from engine.optimizers.lion import Lion
from engine.optimizers.muon import Muon, orthogonal
from engine.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from engine.optimizers.sgd import SGD
from engine.plan.pieces import in_pieces
from engine.plan.state import State
from engine.plan.stepping import Stepping


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

    def __init__(self, optimizer, shape=(37,), dtype=np.float64):
        rng = np.random.default_rng(0)
        self.optimizer, self.step = optimizer, 0
        self.parameter = rng.normal(size=shape).astype(dtype)
        scale = np.geomspace(1e-3, 1e2, self.parameter.size).reshape(shape)
        self.gradients = (rng.normal(size=(50, *shape)) * scale).astype(dtype)
        self.held = {name: np.zeros(shape, dtype) for name in (*optimizer.slots, *optimizer.scratch)}
        self.held |= {name: self.parameter.copy() for name in optimizer.weights}

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


@pytest.mark.parametrize("optimizer", [case for case in CASES if not case.values[0].whole])
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


@pytest.mark.parametrize("optimizer", [case for case in CASES if not case.values[0].whole])
def test_pieces_change_nothing(optimizer):
    """Long vectors are updated piece by piece, with the results of all at once, bit for bit."""
    found = {}
    for piece in (37, 10, 1):
        course = Course(optimizer, dtype=np.float32)
        slots, grad = {name: course.held[name] for name in optimizer.slots}, np.empty_like(course.parameter)
        update = in_pieces(optimizer, {"parameter": course.parameter, "grad": grad, **slots}, piece)
        for step, rate in enumerate(rates(), 1):
            np.copyto(grad, course.gradients[step - 1])
            update(rate, step)
        found[piece] = [course.parameter, *slots.values()]
    for piece in (10, 1):
        for whole, parts in zip(found[37], found[piece], strict=True):
            np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize("shape", [(37,), (4, 6), (7, 2, 3)])
@pytest.mark.parametrize("optimizer", CASES)
def test_it_keeps_single_precision(optimizer, shape):
    single, double = Course(optimizer, shape, np.float32), Course(optimizer, shape)
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
    held |= {name: x.copy() for name in optimizer.weights}
    rate = float(np.clip(3 * optimizer.usual_rate, 0.02, 1.0))
    for step in range(1, 401):
        given = held | {"parameter": x, "grad": scale * x, "rate": rate, "step": step}
        optimizer.update(**{name: given[name] for name in needs(type(optimizer), "update")})
    assert (scale * x * x).sum() < 0.5 * (scale * np.array([9.0, 4.0])).sum()


@pytest.mark.parametrize("optimizer", CASES)
def test_a_state_can_use_it(optimizer):
    from engine.layer import Weight

    state = State({"a.weight": Weight((3, 2), fill=1.0)}, Stepping(optimizer=optimizer), 0, np.float32)
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


def test_lamb_by_its_algorithm(witness):
    """You et al., 2020, algorithm 2, with the identity as its function of a length."""
    course, decay, b1, b2, eps = Course(LAMB(), (5, 7)), 0.01, 0.9, 0.999, 1e-6
    x, m, v = course.parameter.copy(), np.zeros((5, 7)), np.zeros((5, 7))
    for t, (g, rate) in enumerate(zip(course.gradients, rates(), strict=True), 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        r = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        r = r + decay * x
        x = x - rate * np.linalg.norm(x) / np.linalg.norm(r) * r
        course.update(rate)
    witness.alike(LAMB, "the paper's algorithm", "parameters after 50 steps", course.parameter, x, 1e-9)


def test_schedule_free_adamw_by_its_algorithm(witness):
    """Defazio et al., 2024, algorithm 1; the warm-up is in the rates."""
    course, decay, b1, b2, eps = Course(ScheduleFreeAdamW(), (37,)), 0.01, 0.9, 0.999, 1e-8
    x, z, v, total = course.parameter.copy(), course.parameter.copy(), np.zeros(37), 0.0
    for t, (g, rate) in enumerate(zip(course.gradients, rates()[::-1], strict=True), 1):
        y = (1 - b1) * z + b1 * x
        np.testing.assert_allclose(course.parameter, y, rtol=1e-9)
        v = b2 * v + (1 - b2) * g**2
        step = rate * np.sqrt(1 - b2**t)
        z = z - step * g / (np.sqrt(v) + eps) - step * decay * y
        total += step**2
        x = (1 - step**2 / total) * x + step**2 / total * z
        course.update(rate)
    witness.alike(ScheduleFreeAdamW, "the paper's algorithm", "average after 50 steps", course.held["x"], x, 1e-9)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(4, 6), (9, 5)])
@pytest.mark.parametrize("muon", [Muon(), Muon(nesterov=False, momentum=0.8, turns=3, weight_decay=0.0)])
def test_muon_moves_matrices_as_pytorch(muon, shape, monkeypatch, witness):
    """PyTorch turns matrices in bfloat16; here it is kept from that, so as to agree to the last digits."""
    import torch

    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    course = Course(muon, shape)
    tensor = torch.nn.Parameter(torch.tensor(course.parameter))
    rules = {"momentum": muon.momentum, "nesterov": muon.nesterov, "ns_steps": muon.turns}
    rules |= {"weight_decay": muon.weight_decay, "adjust_lr_fn": "match_rms_adamw"}
    theirs = torch.optim.Muon([tensor], **rules)
    for step, rate in enumerate(rates()):
        theirs.param_groups[0]["lr"] = rate
        tensor.grad = torch.tensor(course.gradients[step])
        theirs.step()
        course.update(rate)
    witness.alike(Muon, "PyTorch", "parameters after 50 steps", course.parameter, tensor.detach().numpy(), 1e-6)


@pytest.mark.oracle
def test_muon_moves_all_else_as_adamw(witness):
    course, other = Course(Muon(weight_decay=0.05)), Course(AdamW(weight_decay=0.05))
    for rate in rates():
        course.update(rate)
        other.update(rate)
    np.testing.assert_array_equal(course.parameter, other.parameter)
    test_fifty_steps_as_pytorch(AdamW(weight_decay=0.05), witness)


def test_filters_are_matrices_with_a_row_each():
    images, matrix = Course(Muon(), (4, 3, 2, 2)), Course(Muon(), (4, 12))
    for rate in rates()[:5]:
        images.update(rate)
        matrix.update(rate)
    np.testing.assert_allclose(images.parameter.reshape(4, 12), matrix.parameter, rtol=1e-9)


def test_a_turned_matrix_is_nearly_orthogonal():
    matrix = np.random.default_rng(0).normal(size=(6, 20))
    orthogonal(matrix, 10)()
    singular = np.linalg.svd(matrix, compute_uv=False)
    assert 0.6 < singular.min() <= singular.max() < 1.3


@pytest.mark.parametrize("optimizer", CASES)
def test_it_leaves_weights_alone_that_do_not_learn(optimizer):
    """A gradient of zeros from the start moves nothing, but for decay."""
    course = Course(optimizer, (3, 4))
    course.gradients[...] = 0
    before = course.parameter.copy()
    for rate in rates()[:3]:
        course.update(rate)
    assert (np.abs(course.parameter) <= np.abs(before) + 1e-12).all()
    assert np.isfinite(course.parameter).all()
