"""Promises of every initializer, and the spread that each is known for."""

import json

import numpy as np
import pytest

from engine.catalog import Initializer
from engine.graph import Graph
from engine.initializers.glorot import GlorotNormal, GlorotUniform
from engine.initializers.he import HeNormal, HeUniform
from engine.initializers.identity import Identity
from engine.initializers.lecun import LeCunNormal, LeCunUniform
from engine.initializers.orthogonal import Orthogonal
from engine.initializers.plain import Normal, TruncatedNormal, Uniform
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.output import Output
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.state import draw_parameters

KINDS = [pytest.param(kind, id=name) for name, kind in sorted(Initializer.registry.items())]
SHAPES = [(400, 300), (64, 32, 3, 3), (7,), (1, 1), (5, 1, 2)]


def draw(initializer, shape, seed=0):
    fan_in = int(np.prod(shape[1:]))
    return initializer.draw(
        np.random.default_rng(seed), shape, fan_in, shape[0] * fan_in // (shape[1] if shape[1:] else 1)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_draws_what_it_promises(kind, shape):
    assert kind().problems() == {}
    assert Initializer.from_dict(json.loads(json.dumps(kind().to_dict()))) == kind()
    drawn = draw(kind(), shape)
    assert drawn.shape == shape
    assert drawn.dtype == np.float64
    assert np.isfinite(drawn).all()
    np.testing.assert_array_equal(drawn, draw(kind(), shape))


@pytest.mark.parametrize(
    ("initializer", "spread"),
    [
        (GlorotUniform(), (2 / 700) ** 0.5),
        (GlorotNormal(), (2 / 700) ** 0.5),
        (HeUniform(), (2 / 300) ** 0.5),
        (HeNormal(), (2 / 300) ** 0.5),
        (LeCunUniform(), (1 / 300) ** 0.5),
        (LeCunNormal(), (1 / 300) ** 0.5),
        (Uniform(limit=0.3), 0.3 / 3**0.5),
        (Normal(spread=0.2), 0.2),
        (TruncatedNormal(spread=0.2), 0.2 * 0.8796),
    ],
)
def test_spread(initializer, spread):
    drawn = draw(initializer, (400, 300))
    assert drawn.std() == pytest.approx(spread, rel=0.01)
    assert abs(drawn.mean()) < 0.02 * spread
    assert drawn.std(axis=1).min() > 0.7 * spread  # no row is dead


@pytest.mark.parametrize("kind", [GlorotUniform, HeUniform, LeCunUniform, Uniform])
def test_uniform_fills_its_range(kind):
    drawn = draw(kind(), (400, 300))
    limit = drawn.std() * 3**0.5
    assert abs(drawn).max() == pytest.approx(limit, rel=0.01)


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (6, 6), (4, 3, 2, 2)], ids=str)
def test_orthogonal(shape):
    matrix = draw(Orthogonal(gain=2.0), shape).reshape(shape[0], -1)
    small = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(small @ small.T, 4 * np.eye(len(small)), atol=1e-12)


def test_orthogonal_is_drawn_evenly():
    """Without a correction of signs the diagonal would lean to one side."""
    traces = [np.trace(draw(Orthogonal(), (4, 4), seed)) for seed in range(400)]
    assert abs(np.mean(traces)) < 0.2


def test_truncated_normal_has_no_tails():
    assert abs(draw(TruncatedNormal(spread=0.5), (400, 300))).max() <= 1.0


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(500, 400), (64, 32, 9, 9)], ids=str)
def test_the_same_values_as_pytorch(kind, shape, witness):
    """What is not drawn by chance is equal; else the percentiles of many values are."""
    import torch
    from torch import nn

    ours, again = (draw(kind(), shape, seed) for seed in (0, 1))
    torch.manual_seed(0)
    theirs = eval(kind().torch(), {"nn": nn, "w": torch.empty(shape, dtype=torch.float64)}).numpy()
    if np.array_equal(ours, again):
        witness.alike(kind, "PyTorch", "values", ours, theirs, 0.0)
    else:
        places = np.linspace(0.01, 0.99, 99)
        apart = np.abs(np.quantile(ours, places) - np.quantile(theirs, places)).max() / theirs.std()
        witness.apart(kind, "PyTorch", "percentiles in spreads", apart, 0.05)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (3, 2, 3), (2, 3, 3, 3), (2, 2, 2, 4)], ids=str)
def test_identity_as_pytorch(shape):
    import torch

    theirs = torch.empty(shape, dtype=torch.float64)
    (torch.nn.init.eye_ if len(shape) == 2 else torch.nn.init.dirac_)(theirs)
    np.testing.assert_array_equal(draw(Identity(), shape), theirs.numpy())


@pytest.mark.parametrize("layers", [1, 2])
def test_a_forget_gate_may_begin_open(layers):
    """Of the four gates of an LSTM (i, f, g, o) the second, on every level; without it all biases begin at zero."""
    for bias in (1.0, 0.0):
        graph = Graph().add("in", Input(size=(3, 2))).add("lstm", LSTM(units=5, layers=layers, forget_bias=bias), "in")
        drawn = draw_parameters(graph.add("out", Output(loss=MeanSquaredError()), "lstm"), 0)
        biases = [array for name, array in drawn.items() if "bias_ih" in name]
        assert len(biases) == layers
        for found in biases:
            np.testing.assert_array_equal(found.reshape(4, 5), np.outer([0, bias, 0, 0], np.ones(5)))
