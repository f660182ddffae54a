"""Padded series give exactly what they give unpadded, whatever their lengths: values, losses, gradients, exported models."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine.catalog  # noqa: F401  (declares every layer)
from engine.graph import Graph
from engine.infer import infer
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.compile import compile
from tests.engine.networks import scatter

STEPS, FEATURES = 7, 4
kinds = Layer.registry


def box(name, **params):
    return kinds[name](**params)


READERS = {
    "rnn": [box("SimpleRNN", units=3)],
    "rnn-steps": [box("SimpleRNN", units=3, sequence=True)],
    "gru": [box("GRU", units=3)],
    "gru-steps": [box("GRU", units=3, sequence=True)],
    "lstm": [box("LSTM", units=3)],
    "lstm-steps": [box("LSTM", units=3, sequence=True)],
    "stack": [box("GRU", units=3, layers=2)],
    "stack-steps": [box("LSTM", units=3, layers=2, sequence=True)],
    "both-ways": [box("Bidirectional", layer="GRU", units=2)],
    "both-ways-steps": [box("Bidirectional", layer="LSTM", units=2, sequence=True)],
    "mean": [box("Dense", units=3), box("Tanh"), box("GlobalAveragePool1D")],
    "largest": [box("LayerNorm"), box("Dense", units=3), box("GlobalMaxPool1D")],
    "places": [box("PositionalEncoding"), box("GELU"), box("Dense", units=3)],
    "rotated": [box("RoPE"), box("RMSNorm"), box("Reverse")],
    "same-convolution": [box("Conv1D", filters=3), box("ReLU"), box("Conv1D", filters=2), box("GlobalAveragePool1D")],
    "causal-convolution": [box("Conv1D", filters=3, padding="causal", dilation=2), box("GRU", units=2)],
    "pooled": [box("Conv1D", filters=3, kernel=1), box("MaxPool1D"), box("GRU", units=2)],
    "attention": [box("MultiHeadAttention", heads=2), box("GlobalAveragePool1D")],
    "causal-attention": [box("PositionalEncoding"), box("MultiHeadAttention", heads=2, causal=True)],
    "turned-attention": [box("MultiHeadAttention", heads=2, rope=True), box("Dense", units=2)],
    "transformer": [
        box("TransformerEncoderBlock", heads=2, hidden=5),
        box("TransformerEncoderBlock", heads=1, hidden=3),
    ],
    "averaged": [box("AveragePool1D", kernel=2, stride=1), box("SimpleRNN", units=2, sequence=True)],
}


def network(boxes, source):
    graph = Graph().add("in", source)
    last = "in"
    if source.preprocessing.takes_tokens:
        graph, last = graph.add("embedding", box("Embedding", entries=9, width=FEATURES), last), "embedding"
    for number, layer in enumerate(boxes):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=MeanSquaredError()), last)


@st.composite
def padded(draw, shortest=2):
    """Return a series for each sample, and where in a row of STEPS it stands: before, after or among the padding."""
    lengths = draw(st.lists(st.integers(shortest, STEPS), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    samples = [rng.normal(size=(length, FEATURES)) for length in lengths]
    side = draw(st.sampled_from(["before", "after", "among"]))
    places = [_places(rng, length, side) for length in lengths]
    return samples, places


def _places(rng, length, side):
    if side == "among":
        return np.sort(rng.permutation(STEPS)[:length])
    return np.arange(length) + (STEPS - length if side == "before" else 0)


def in_rows(samples, places):
    rows = np.full((len(samples), STEPS, FEATURES), np.nan)
    for row, sample, place in zip(rows, samples, places, strict=True):
        row[place] = sample
    return rows


def answers(plan):
    return {node: array.copy() for node, array in plan.outputs().items()}


def trained(plan, inputs, targets):
    """Return loss, outputs and all gradients."""
    plan.load(inputs, targets)
    loss = plan.run()
    return (
        loss,
        plan.outputs()["out"].copy(),
        {n: g.copy() for n, g in (plan.gradients | plan.input_gradients()).items()},
    )


def ready(graph, batch, parameters=None):
    plan = compile(graph, batch, dtype=np.float64, input_gradients=True, poison=True)
    if parameters is None:
        scatter(plan, np.random.default_rng(3))
    else:
        plan.state.restore(parameters)
    return plan


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", sorted(READERS))
@QUICK
@given(drawn=padded())
def test_a_padded_series_is_the_series(name, drawn):
    samples, places = drawn
    graph = network(READERS[name], Input(size=(STEPS, FEATURES), mask=True))
    assert infer(graph).problems == ()
    whole = ready(graph, len(samples))
    rng = np.random.default_rng(5)
    targets = rng.normal(size=whole.targets["out"].shape)
    loss, outputs, gradients = trained(whole, {"in": in_rows(samples, places)}, {"out": targets})
    sums = {name: np.zeros_like(array) for name, array in gradients.items()}
    total = 0.0
    for number, (sample, place) in enumerate(zip(samples, places, strict=True)):
        alone = ready(network(READERS[name], Input(size=sample.shape)), 1, whole.state.arrays())
        per_step = targets.ndim == 3
        shape = alone.targets["out"].shape
        there = spots(whole, number, shape[1]) if per_step else slice(None)
        mine = targets[number][there][None]
        one, output, found = trained(alone, {"in": sample[None]}, {"out": mine})
        np.testing.assert_allclose(outputs[number][there], output[0], rtol=1e-9, atol=1e-12)
        total += one / len(samples)
        for key, array in found.items():
            if key == "in":
                sums["in"][number, place] += array[0] / len(samples)
            else:
                sums[key] += array / len(samples)
    assert loss == pytest.approx(total, rel=1e-9)
    for key, array in sums.items():
        np.testing.assert_allclose(gradients[key], array, rtol=1e-8, atol=1e-11, err_msg=key)


def spots(plan, number, count):
    """Return at which steps of the Output one sample has its values."""
    (mask,) = (source for port, source in plan.graph.sources("out").items() if port == "mask")
    from engine.plan.program import Key

    (found,) = np.nonzero(plan.bound.arrays[Key("value", *mask)][number])
    assert len(found) == count
    return found
