"""What the passes of the compiler may change: nothing but time."""

import numpy as np
import pytest

from engine.catalog import Layer
from engine.graph import Graph, Port
from engine.layers.conv2d import Conv2D
from engine.layers.dropout import Dropout
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.plan import passes
from engine.plan.compile import compile
from engine.plan.passes import improved, select_first
from engine.plan.predict import Predictor

from .networks import Weighted, all_gradients, feed, run, scatter


def row(*layers):
    graph = Graph().add("in", Input(size=(2, 6, 8)))
    last = "in"
    for number, layer in enumerate(layers):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=Weighted()), last)


def order(graph):
    return [type(graph.nodes[node]).__name__ for node in graph.order]


def ran(graph, seed=0):
    plan = compile(graph, 3, dtype=np.float64, input_gradients=True)
    rng = np.random.default_rng(seed)
    scatter(plan, rng)
    feed(plan, rng)
    return run(plan), plan.outputs()["out"].copy(), all_gradients(plan)


@pytest.mark.parametrize("name", [n for n, kind in sorted(Layer.registry.items()) if kind.monotone])
def test_the_largest_is_selected_before_an_activation(name, monkeypatch):
    activation = Layer.registry[name]()
    graph = row(Conv2D(filters=3), activation, MaxPool2D(), Flatten())
    assert order(select_first(graph))[1:4] == ["Conv2D", "MaxPool2D", name]
    better = ran(graph)
    monkeypatch.setattr(passes, "PASSES", ())
    plain = ran(graph)
    assert better[0] == pytest.approx(plain[0], rel=1e-12)
    np.testing.assert_allclose(better[1], plain[1], rtol=1e-12)
    for key, array in plain[2].items():
        np.testing.assert_allclose(better[2][key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", [n for n, kind in sorted(Layer.registry.items()) if kind.monotone])
def test_what_is_called_monotone_is(name):
    x = np.sort(np.random.default_rng(0).normal(scale=4, size=(1, 999)), axis=1)
    y = np.empty_like(x)
    Layer.registry[name]().forward(x=x, y=y)
    assert (np.diff(y) >= 0).all()


def test_several_activations_in_a_row_come_afterwards():
    graph = row(Dropout(), ReLU(), ReLU(), MaxPool2D(), MaxPool2D(), Flatten())
    assert order(improved(graph))[2:6] == ["MaxPool2D", "MaxPool2D", "ReLU", "ReLU"]


def test_an_activation_that_others_read_stays():
    graph = row(ReLU(), MaxPool2D()).add("other", Output(loss=Weighted()), "box0")
    assert select_first(graph) == graph


def test_whoever_reads_the_pooling_reads_the_activation_then():
    graph = row(ReLU(), MaxPool2D()).add("other", Flatten(), "box1")
    better = select_first(graph)
    assert better.sources("other")["x"] == better.sources("out")["x"] == Port("box0")


def test_every_value_can_still_be_looked_at():
    graph = row(ReLU(), MaxPool2D())
    values = Predictor(graph, {}, keep_values=True).values({"in": np.ones((1, 2, 6, 8))})
    assert values[Port("box0")].shape == (1, 2, 6, 8)
