"""Subnormal numbers, which many processors compute with at a twentieth of their speed, do not come up in a step."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.subnormals import can_flush, flushed

pytestmark = pytest.mark.skipif(not can_flush(), reason="this system has no way to flush subnormal numbers")

SMALLEST = np.finfo(np.float32).tiny


def subnormals(*arrays):
    return sum(int(((array != 0) & (np.abs(array) < SMALLEST)).sum()) for array in arrays)


def halved():
    return (np.full(100, SMALLEST, np.float32) * np.float32(0.5))[0]


def loaded(graph, batch, shape, workers=1):
    plan = compile(graph, batch, optimizer=Adam(), workers=workers)
    rng = np.random.default_rng(0)
    plan.load({"input": rng.normal(size=(batch, *shape))}, {"output": rng.integers(0, 10, batch)})
    return plan


def test_they_are_zero_inside_and_only_there():
    context = flushed()
    for _ in range(2):
        assert halved() > 0
        with context:
            assert halved() == 0
        assert halved() > 0


def test_an_error_inside_changes_nothing_outside():
    with pytest.raises(KeyError), flushed():
        raise KeyError
    assert halved() > 0


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_gradient_that_fades_along_a_long_series_ends_as_zero(workers):
    graph = Graph().add("input", Input(size=(200, 8))).add("lstm", LSTM(units=64), "input")
    plan = loaded(graph.add("head", Dense(units=10), "lstm").add("output", Output(), "head"), 8, (200, 8), workers)
    plan.step(1e-3)
    plan.close()
    floats = [array for array in plan.bound.arrays.values() if array.dtype == np.float32]
    assert subnormals(*floats) == 0
    assert any((array[:, 0] == 0).all() for array in floats if array.ndim == 3 and array.shape[1] == 200)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_mean_gradient_of_a_dead_unit_ends_as_zero(workers):
    graph = Graph().add("input", Input(size=(400,))).add("hidden", Dense(units=100), "input")
    graph = graph.add("relu", ReLU(), "hidden").add("head", Dense(units=10), "relu")
    plan = loaded(graph.add("output", Output(), "head"), 8, (400,), workers)
    plan.step(1e-3)
    plan.parameters["hidden.bias"][...] = -1e3
    for _ in range(900):
        plan.step(1e-3)
        assert subnormals(plan.state.slots["mean"]) == 0
    plan.close()
    assert not plan.state.slots["mean"][: 400 * 100].any()
