"""Recurrent layers learn the same however many steps are handled together and however their weights lie."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.kernels import products, spans
from engine.layers.dense import Dense
from engine.layers.gru import GRU
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.output import Output
from engine.layers.simple_rnn import SimpleRNN
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile
from engine.plan.predict import Predictor

KINDS = pytest.mark.parametrize("kind", [GRU, LSTM, SimpleRNN])
STEPS = 11


def network(kind, units):
    """Return a network with two such layers, the lower of which gives all its states, and a batch for it."""
    layers = {"lower": kind(units=units, sequence=True), "upper": kind(units=units), "dense": Dense(units=3)}
    graph, last = Graph().add("in", Input(size=(STEPS, 5))), "in"
    for name, layer in (layers | {"out": Output()}).items():
        graph, last = graph.add(name, layer, last), name
    rng = np.random.default_rng(0)
    return graph, ({"in": rng.standard_normal((8, STEPS, 5)).astype("f")}, {"out": rng.integers(0, 3, 8)})


def learned(kind, units):
    """Return the parameters after two steps of such a network."""
    graph, batch = network(kind, units)
    plan = compile(graph, 8, optimizer=SGD(), poison=True)
    plan.load(*batch)
    for _ in range(2):
        plan.step(0.1)
    return {name: array.copy() for name, array in plan.state.arrays().items()}


@KINDS
def test_without_a_way_back_the_states_are_the_same_and_hardly_anything_is_kept(kind):
    graph = (
        Graph().add("in", Input(size=(STEPS, 5))).add("rnn", kind(units=6), "in").add("dense", Dense(units=3), "rnn")
    )
    graph, (inputs, targets) = graph.add("out", Output(), "dense"), network(kind, 6)[1]
    plan = compile(graph, 8)
    plan.load(inputs, targets)
    plan.run()
    predictor = Predictor(graph, plan.state, batch=8)
    kept = [a for key, a in predictor._bound.arrays.items() if key.name in ("cells", "every", "tanh_c")]
    for array in kept:
        array.fill(np.nan)
    np.testing.assert_array_equal(predictor.outputs(inputs)["out"], plan.outputs()["out"])
    assert all(np.isnan(array).mean() > 0.5 for array in kept)


@KINDS
def test_it_does_not_matter_how_many_steps_are_handled_together(monkeypatch, kind):
    whole = learned(kind, units=6)
    monkeypatch.setattr(spans, "CACHED", 1)
    for name, array in learned(kind, units=6).items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)


@KINDS
def test_it_does_not_matter_that_columns_lie_one_behind_the_other(monkeypatch, kind):
    monkeypatch.setattr(products, "small_kernels", lambda: True)
    plain = learned(kind, units=96)
    monkeypatch.setattr(products, "BEYOND", 0)
    for name, array in learned(kind, units=96).items():
        np.testing.assert_allclose(array, plain[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_steps_back_are_handled_from_the_last_to_the_first():
    assert [list(spans.backwards(span)) for span in spans.spans_back(5, 2)] == [[4], [3, 2], [1, 0]]


@pytest.mark.parametrize(
    ("steps", "values", "together"), [(3, 10, 3), (100, 1 << 12, 4), (100, 1 << 11, 8), (9, 1 << 20, 4)]
)
def test_so_many_steps_are_handled_together_as_the_cache_holds(steps, values, together):
    assert spans.at_once(steps, values) == together
