"""Gradients of large weights, which each of several workers computes in part from the samples of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import Layer
from engine.graph import Graph
from engine.infer import infer
from engine.initializers.constant import Constant
from engine.kernels.memory import rectangles
from engine.layer import needs
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.tanh import Tanh
from engine.learning import Learning
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.gathered import gathered
from engine.plan.plan import NotFinite


@given(st.data())
def test_rectangles_cover_a_part_of_a_matrix_once_and_in_order(data):
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    start = data.draw(st.integers(0, height * width - 1))
    stop = data.draw(st.integers(start + 1, height * width))
    matrix = np.arange(height * width).reshape(height, width)
    found = [matrix[rows, columns].reshape(-1) for rows, columns in rectangles(slice(start, stop), width)]
    assert len(found) <= 3
    assert all(part.size for part in found)
    np.testing.assert_array_equal(np.concatenate(found), np.arange(start, stop))


LEARNERS = [kind for kind in Layer.registry.values() if kind.gradient_part is not Layer.gradient_part]
CASES = [(kind.__name__, example) for kind in LEARNERS for example in kind.examples()]


@pytest.mark.parametrize(("name", "example"), CASES)
def test_parts_of_a_gradient_are_those_of_the_whole(name, example):
    (shape,), rng = example.inputs, np.random.default_rng(0)
    layer = example.layer
    declared = layer.weights(shape)["weight"]
    x, grad_y = rng.normal(size=(5, *shape)), rng.normal(size=(5, *layer.shape(shape)))
    whole = np.empty([declared.shape[axis] for axis in declared.memory or range(len(declared.shape))])
    grad_weight = whole.transpose(np.argsort(declared.memory)) if declared.memory else whole
    bias = np.empty(declared.shape[0]) if "bias" in layer.weights(shape) else None
    known = {
        "x": x,
        "weight": np.zeros(declared.shape),
        "grad_y": grad_y,
        "grad_weight": grad_weight,
        "grad_bias": bias,
    }
    layer.backward(*(known.get(name) for name in needs(type(layer), "backward")))
    for cut in range(1, whole.size):
        out = np.full(whole.size, np.nan)
        for part in (slice(0, cut), slice(cut, whole.size)):
            layer.gradient_part(x, grad_y, part, out[part])
        np.testing.assert_allclose(out, whole.reshape(-1), rtol=1e-12)


def network(*layers, loss=None):
    graph = Graph().add("0", Input(size=(6, 5)))
    for number, layer in enumerate(layers, 1):
        graph = graph.add(str(number), layer, str(number - 1))
    return graph.add("out", Output(loss=loss or MeanSquaredError()), str(len(layers)))


def samples(graph, batch, seed=0):
    rng = np.random.default_rng(seed)
    shape = infer(graph).inputs(graph, "out")[0]
    return {"0": rng.normal(size=(batch, 6, 5))}, {"out": rng.normal(size=(batch, *shape))}


def mixed():
    """Large weights in every situation: usual, without bias, held back, frozen, shared, normalised, of a series."""
    series = [Dense(units=131, learning=Learning(l2=0.01)), Tanh(), Flatten()]
    wide = [Dense(units=37, use_bias=False), Dense(units=41, learning=Learning(l1=0.01, max_norm=0.8))]
    held = [Dense(units=43, learning=Learning(frozen=True)), Dense(units=43, learning=Learning(normalisation="weight"))]
    twins = [Dense(units=43), Dense(units=43, learning=Learning(shares="8"))]
    return network(*series, *wide, *held, *twins, Dense(units=3))


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_learn_large_weights_as_one_does(workers):
    graph, batch = mixed(), 3
    assert gathered(graph, infer(graph), batch) == {"4", "5"}
    alone, together = (compile(graph, batch, optimizer=Adam(), dtype=np.float64, workers=n) for n in (1, workers))
    try:
        assert {call.node for call in together.bound.program.gathered} == {"4", "5"}
        for seed in range(5):
            losses = []
            for plan in (alone, together):
                plan.load(*samples(graph, batch, seed))
                losses.append(plan.step(0.01))
            assert losses[1] == pytest.approx(losses[0], rel=1e-9)
            for name, gradient in alone.gradients.items():
                np.testing.assert_allclose(together.gradients[name], gradient, rtol=1e-7, atol=1e-10, err_msg=name)
        for name, array in alone.parameters.items():
            np.testing.assert_allclose(together.parameters[name], array, rtol=1e-7, atol=1e-9, err_msg=name)
    finally:
        together.close()


def test_a_large_weight_whose_gradient_overflows_is_blamed():
    graph = network(Flatten(), Dense(units=90, initializer=Constant(value=0.0)))
    plan = compile(graph, 2, optimizer=Adam(), workers=2)
    try:
        inputs, targets = samples(graph, 2)
        before = plan.state.arrays()
        plan.load({"0": inputs["0"] + 1e30}, {"out": targets["out"] + 1e15})
        with pytest.raises(NotFinite) as caught:
            plan.step(0.1)
        assert (caught.value.node, caught.value.tensor) == ("2", "gradient of weight")
        for name, array in plan.state.arrays().items():
            np.testing.assert_array_equal(array, before[name])
        plan.load(inputs, targets)
        assert np.isfinite(plan.step(0.1))
    finally:
        plan.close()
