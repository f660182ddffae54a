"""A network that only answers does less, and says the same."""

import numpy as np
import pytest

from engine.catalog import Layer
from engine.composite import flatten
from engine.graph import Graph, Port
from engine.infer import infer
from engine.layers.add import Add
from engine.layers.batch_norm import BatchNorm
from engine.layers.bilinear import Bilinear
from engine.layers.conv1d import Conv1D
from engine.layers.conv2d import Conv2D
from engine.layers.conv3d import Conv3D
from engine.layers.conv_transpose2d import ConvTranspose2D
from engine.layers.dense import Dense
from engine.layers.depthwise_conv2d import DepthwiseConv2D
from engine.layers.dropout import Dropout
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.pooled_conv2d import PooledConv2D
from engine.layers.relu import ReLU
from engine.layers.winograd_conv2d import WinogradConv2D
from engine.learning import Learning
from engine.plan.predict import Predictor
from engine.plan.state import State, declared_weights
from engine.plan.stepping import Stepping

from .networks import Weighted


def kinds(predictor):
    return [type(predictor.graph.nodes[node]) for node in predictor.graph.order]


def row(size, *layers):
    graph, last = Graph().add("in", Input(size=size)), "in"
    for number, layer in enumerate(layers):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=Weighted()), last)


def drawn(graph, seed=0):
    """Return a state with values of which none is usual."""
    state, rng = State(declared_weights(flatten(graph)), Stepping(), 0, np.float64), np.random.default_rng(seed)
    for name, array in state.parameters.items():
        array[...] = rng.uniform(0.5, 2, array.shape) if name.endswith("var") else rng.standard_normal(array.shape)
    return state


def check_alike(graph, predictor, state, seed=0):
    rng = np.random.default_rng(seed)
    inputs = {
        node: rng.standard_normal((7, *infer(graph).shapes[Port(node)]))
        for node, layer in graph.nodes.items()
        if isinstance(layer, Input)
    }
    plain = Predictor(graph, state, batch=3, dtype=np.float64, keep_values=True)
    assert BatchNorm in kinds(plain) or not state.parameters
    found, expected = predictor.outputs(inputs), plain.outputs(inputs)
    for node, array in expected.items():
        np.testing.assert_allclose(found[node], array, rtol=1e-9, atol=1e-9, err_msg=node)


ROWS = {
    "dense": row((5,), Dense(units=4), BatchNorm(), ReLU()),
    "dense on steps": row((6, 5), Dense(units=4, use_bias=False), BatchNorm()),
    "series": row((6, 3), Conv1D(filters=4), BatchNorm(epsilon=1e-2)),
    "image": row((3, 6, 8), Conv2D(filters=4, use_bias=False), BatchNorm(), ReLU()),
    "groups": row((4, 6, 8), Conv2D(filters=6, groups=2), BatchNorm()),
    "each channel": row((16, 6, 8), DepthwiseConv2D(), BatchNorm(), Conv2D(filters=16, groups=16), BatchNorm()),
    "volume": row((2, 4, 4, 6), Conv3D(filters=3), BatchNorm()),
    "enlarged": row((3, 4, 4), ConvTranspose2D(filters=2), BatchNorm()),
    "pooled": row((3, 6, 8), Conv2D(filters=4), BatchNorm(), ReLU(), MaxPool2D()),
    "minimal filtering": row((32, 8, 8), Conv2D(filters=32), BatchNorm(), ReLU()),
    "behind what is idle": row((5,), Dense(units=4), Dropout(), BatchNorm()),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_normalisation_lies_in_the_weights_before_it(name):
    graph = ROWS[name]
    state = drawn(graph)
    predictor = Predictor(graph, state, batch=3)
    assert BatchNorm not in kinds(predictor)
    check_alike(graph, predictor, state)
    state.restore(drawn(graph, seed=1).arrays())  # what is learned meanwhile
    check_alike(graph, predictor, state)


def test_a_pooling_and_minimal_filtering_then_take_place_as_ever():
    for name, kind in {"pooled": PooledConv2D, "minimal filtering": WinogradConv2D}.items():
        assert kind in kinds(Predictor(ROWS[name], drawn(ROWS[name]), batch=3))


def test_of_two_inputs_too():
    graph = Graph().add("a", Input(size=(3,))).add("b", Input(size=(4,))).add("both", Bilinear(units=5), "a", "b")
    graph = graph.add("norm", BatchNorm(), "both").add("out", Output(loss=Weighted()), "norm")
    state = drawn(graph)
    predictor = Predictor(graph, state, batch=3)
    assert BatchNorm not in kinds(predictor)
    check_alike(graph, predictor, state)


def test_boxes_that_share_weights_each_have_their_own_normalisation_in_them():
    shared = Dense(units=5, learning=Learning(shares="first"))
    graph = Graph().add("in", Input(size=(5,))).add("first", Dense(units=5), "in").add("norm", BatchNorm(), "first")
    graph = graph.add("second", shared, "norm").add("again", BatchNorm(), "second").add("third", shared, "again")
    graph = graph.add("out", Output(loss=Weighted()), "third")
    state = drawn(graph)
    predictor = Predictor(graph, state, batch=3)
    assert kinds(predictor) == [Input, Dense, Dense, Dense, Output]
    check_alike(graph, predictor, state)


def test_a_normalisation_stays_where_others_see_what_comes_before_it():
    graph = row((5,), Dense(units=5), BatchNorm()).add("sum", Add(), "box0", "box1")
    graph = graph.add("out", graph.nodes["out"], "sum")
    state = drawn(graph)
    predictor = Predictor(graph, state, batch=3)
    assert BatchNorm in kinds(predictor)
    check_alike(graph, predictor, state)


@pytest.mark.parametrize("rule", ["weight", "spectral"])
def test_a_normalisation_stays_behind_weights_that_are_normalised(rule):
    graph = row((5,), Dense(units=4, learning=Learning(normalisation=rule)), BatchNorm())
    state = drawn(graph)
    predictor = Predictor(graph, state, batch=3)
    assert BatchNorm in kinds(predictor)
    check_alike(graph, predictor, state)


IDLE = [
    pytest.param(example.layer, example.inputs[0], id=f"{name} {number}")
    for name, kind in Layer.registry.items()
    if kind.idle
    for number, example in enumerate(kind.examples())
]


@pytest.mark.parametrize(("layer", "size"), IDLE)
def test_what_does_nothing_is_gone(layer, size):
    graph, x = row(size, layer), np.random.default_rng(0).standard_normal((5, *size)).astype(np.float32)
    for whole in (False, True):
        predictor = Predictor(graph, {}, batch=3, keep_values=whole)
        assert (type(layer) in kinds(predictor)) == whole
        np.testing.assert_array_equal(predictor.outputs({"in": x})["out"], x)


def test_whatever_is_described_to_onnx_as_nothing_is_known_to_do_nothing():
    class Said:
        def op(self, kind, *inputs, **attributes):
            return kind

    for name, kind in Layer.registry.items():
        if kind.onnx in {other.onnx for other in Layer.registry.values() if other.idle}:
            assert kind.idle, name
            assert kind().onnx(Said(), "x") == "Identity"
