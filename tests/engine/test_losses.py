"""Promises of every loss, proved on its own examples."""

import json

import numpy as np
import pytest

from engine.catalog import Loss
from engine.columns import Column
from engine.data.targets import fit_target
from engine.graph import Graph
from engine.layer import ShapeError
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.plan.compile import compile
from engine.training.scores import losses

CASES = [
    pytest.param(loss, shape, id=f"{name}-{i}")
    for name, kind in sorted(Loss.registry.items())
    for i, (loss, shape) in enumerate(kind.examples())
]


def targets(loss, shape, batch, rng):
    """Draw targets as the loss wants them, for outputs of `shape`."""
    whole = (batch, *loss.target_shape(shape))
    if loss.target == "class":
        return rng.integers(0, shape[-1], whole)
    if loss.target == "label":
        return rng.integers(0, 2, whole)
    if loss.target == "text":
        filled = np.arange(whole[1]) < rng.integers(1, whole[1] + 1, (batch, 1))
        return rng.integers(1, shape[-1], whole) * filled
    if loss.values == "counts":
        return rng.poisson(3, whole).astype(float)
    if loss.values == "shares":
        return rng.dirichlet(np.ones(whole[-1]), whole[:-1])
    return rng.integers(0, 2, whole).astype(float) if loss.target == "binary" else rng.normal(size=whole)


def compare(loss, shape, batch, dtype=np.float64, scale=1.0):
    """Return a plan that does nothing but compare what it is given with a target, loaded."""
    graph = Graph().add("in", Input(size=shape)).add("out", Output(loss=loss), "in")
    plan = compile(graph, batch, dtype=dtype, input_gradients=True)
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(batch, *shape)) * scale, targets(loss, shape, batch, rng)
    plan.load({"in": x.astype(dtype)}, {"out": target.astype(target.dtype if target.dtype.kind == "i" else dtype)})
    return plan, x, target


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_it_is_declared_in_full(loss, shape):
    assert loss.problems() == {}
    assert Loss.from_dict(json.loads(json.dumps(loss.to_dict()))) == loss
    assert type(loss).title().endswith(".")


@pytest.mark.parametrize(("loss", "shape"), CASES)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_gradient_by_central_differences(loss, shape, batch, scale, witness):
    plan, x, target = compare(loss, shape, batch, scale=scale)
    noise = 4 * np.finfo(float).eps * abs(plan.run()) / 2e-6  # what rounding makes of the difference of two losses
    gradient = plan.input_gradients()["in"].copy()
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        ends = []
        for sign in (1, -1):
            plan.load({"in": x + sign * step}, {"out": target})
            ends.append(plan.run())
        found[place] = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(found, gradient, rtol=1e-6, atol=2e-8 + noise)
    if scale == 1:
        witness.alike(type(loss), "central differences", "gradients in float64", gradient, found, 1e-6)


@pytest.mark.parametrize(("loss", "shape"), [case for case in CASES if not case.values[0].whole_batch])
def test_it_is_the_mean_of_its_samples(loss, shape):
    plan, x, target = compare(loss, shape, 5)
    whole = plan.run()
    one, _, _ = compare(loss, shape, 1)
    each = []
    for i in range(5):
        one.load({"in": x[i : i + 1]}, {"out": target[i : i + 1]})
        each.append(one.run())
    assert whole == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize(("loss", "shape"), CASES)
@pytest.mark.parametrize("scale", [1e3, 1e18])
def test_extreme_values_stay_finite(loss, shape, scale):
    plan, _, _ = compare(loss, shape, 3, np.float32, scale)
    assert np.isfinite(plan.run())
    assert np.isfinite(plan.input_gradients()["in"]).all()
    assert np.isfinite(loss.answer(plan.inputs["in"])).all()


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_validation_finds_the_losses_that_training_does(loss, shape):
    plan, x, target = compare(loss, shape, 4)
    plan.run()
    np.testing.assert_allclose(losses(loss, x, target), plan.losses["out"], rtol=1e-12)


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_the_answer_is_what_its_target_wants(loss, shape):
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    kept = x.copy()
    answer = loss.answer(x)
    assert answer.shape == x.shape
    assert answer.dtype == x.dtype
    np.testing.assert_array_equal(x, kept)
    if loss.target in ("class", "binary", "text"):
        assert ((answer > 0) & (answer < 1)).all()
    if loss.target in ("class", "text"):
        np.testing.assert_allclose(answer.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("loss", [kind() for kind in Loss.registry.values()], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 3, 4), (1, 2, 3, 4)], ids=str)
def test_an_unsuitable_shape_is_a_sentence(loss, shape):
    try:
        assert len(loss.target_shape(shape)) <= len(shape)
    except ShapeError as error:
        assert str(error).endswith(".")  # noqa: PT017  (either way is right)


def takes(loss, shape):
    try:
        loss.target_shape(shape)
    except ShapeError:
        return False
    return True


WIDE = [case for case in CASES if takes(case.values[0], (*case.values[1][:-1], 5000))]


@pytest.mark.parametrize(("loss", "shape"), WIDE)
def test_a_step_allocates_little(loss, shape):
    """Working arrays belong to the plan; only what has one value a sample may come and go."""
    import tracemalloc

    wide = (*shape[:-1], 5000)
    plan, _, _ = compare(loss, wide, 8, np.float32)
    plan.run()
    tracemalloc.start()
    plan.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 5000 * 4 / 2


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_outside_of_a_plan_it_says_the_same(loss, shape):
    plan, x, target = compare(loss, shape, 3)
    assert losses(loss, x, target).mean() == pytest.approx(plan.run(), rel=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in Loss.registry.values() if kind.target == "value"])
def test_only_any_numbers_are_standardised(kind):
    """Counts and shares would lose their meaning."""
    column = Column("n", "number", np.array([2.0, 4.0, 9.0]))
    fitted = fit_target(Output(loss=kind()), column, column)
    assert (fitted == {"mean": 0.0, "scale": 1.0}) == (kind.values != "any")


@pytest.mark.oracle
@pytest.mark.parametrize(("loss", "shape"), CASES)
@pytest.mark.parametrize("batch", [1, 4])
def test_value_and_gradient_as_pytorch(loss, shape, batch, witness):
    import torch
    from torch import nn

    plan, x, target = compare(loss, shape, batch)
    module = eval(loss.torch(), {"nn": nn, "torch": torch})
    tensor = torch.tensor(x, requires_grad=True)
    classes = loss.target == "class" and len(shape) > 1
    value = module(tensor.movedim(-1, 1) if classes else tensor, torch.tensor(target))
    value.backward()
    witness.alike(type(loss), "PyTorch", "values in float64", plan.run(), value.detach(), 1e-12)
    witness.alike(type(loss), "PyTorch", "gradients in float64", plan.input_gradients()["in"], tensor.grad, 1e-10)


def test_weights_of_outputs_count():
    graph = Graph().add("in", Input(size=(3,))).add("dense", Dense(units=2), "in")
    graph = graph.add("a", Output(), "dense")
    light = compile(graph, 2, dtype=np.float64)
    heavy = compile(graph.add("a", Output(weight=3.0), "dense"), 2, dtype=np.float64)
    for plan in (light, heavy):
        plan.load({"in": np.arange(6.0).reshape(2, 3)}, {"a": np.array([0, 1])})
    assert heavy.run() == pytest.approx(3 * light.run(), rel=1e-12)
    for name, gradient in heavy.gradients.items():
        np.testing.assert_allclose(gradient, 3 * light.gradients[name], rtol=1e-12)
