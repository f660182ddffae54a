"""Recurrent layers whose units several workers divide learn what one worker makes them learn."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.infer import infer
from engine.layers.dense import Dense
from engine.layers.divided import FEWEST, Divided
from engine.layers.gru import GRU
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.output import Output
from engine.layers.reverse import Reverse
from engine.learning import Learning
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.divided import divided
from engine.plan.passes import improved
from engine.plan.plan import NotFinite

STEPS, FEATURES = 4, 5


def network(*layers):
    graph = Graph().add("0", Input(size=(STEPS, FEATURES)))
    for number, layer in enumerate(layers, 1):
        graph = graph.add(str(number), layer, str(number - 1))
    return graph.add("out", Output(loss=MeanSquaredError()), str(len(layers)))


def samples(graph, batch, seed=0):
    rng, shape = np.random.default_rng(seed), infer(graph).inputs(graph, "out")[0]
    return {"0": rng.normal(size=(batch, STEPS, FEATURES))}, {"out": rng.normal(size=(batch, *shape))}


def kinds(graph, batch=8, rank=0, count=2):
    graph = improved(graph)
    found = divided(graph, infer(graph), batch, rank, count)
    return [type(found.nodes[node]) for node in found.order]


def divides(graph, **options):
    return any(issubclass(kind, Divided) for kind in kinds(graph, **options))


@pytest.fixture
def made():
    """Compile plans, and end their helpers after the test."""
    plans = []

    def make(graph, batch, workers, **options):
        plans.append(compile(graph, batch, optimizer=Adam(), workers=workers, **options))
        return plans[-1]

    yield make
    for plan in plans:
        plan.close()


CASES = {
    "the last state": network(LSTM(units=512), Dense(units=3)),
    "units that cannot be divided evenly": network(LSTM(units=521, forget_bias=1.0), Dense(units=3)),
    "every state": network(LSTM(units=512, sequence=True), Dense(units=2)),
    "one behind the other": network(Dense(units=6), LSTM(units=512, sequence=True), Reverse(), LSTM(units=528)),
    "layers on top of each other": network(LSTM(units=512, layers=2)),
    "held back": network(LSTM(units=512, learning=Learning(l2=0.01, max_norm=0.9)), Dense(units=3)),
    "a GRU": network(GRU(units=601), Dense(units=3)),
    "GRUs one behind the other": network(Dense(units=6), GRU(units=592, sequence=True), Reverse(), GRU(units=592)),
    "frozen": network(Dense(units=4), LSTM(units=512, learning=Learning(frozen=True)), Dense(units=3)),
}


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("case", CASES)
def test_workers_learn_what_one_does(made, case, workers):
    graph = CASES[case]
    assert divides(graph, count=workers)
    alone, together = (made(graph, 7, count, dtype=np.float64) for count in (1, workers))
    for seed in range(3):
        losses = []
        for plan in (alone, together):
            plan.load(*samples(graph, 7, seed))
            losses.append(plan.step(0.01))
        assert losses[1] == pytest.approx(losses[0], rel=1e-9)
        for name, gradient in alone.gradients.items():
            np.testing.assert_allclose(together.gradients[name], gradient, rtol=1e-6, atol=1e-10, err_msg=name)
    assert together.gradient_norm == pytest.approx(alone.gradient_norm, rel=1e-7)
    for name, array in alone.parameters.items():
        np.testing.assert_allclose(together.parameters[name], array, rtol=1e-6, atol=1e-8, err_msg=name)


def test_workers_learn_the_same_in_single_precision_and_can_repeat_it(made):
    graph = CASES["the last state"]
    plans = [made(graph, 8, workers) for workers in (1, 2, 2)]
    losses = []
    for plan in plans:
        plan.load(*samples(graph, 8))
        losses.append([plan.step(0.001) for _ in range(4)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[1] == losses[2]


def test_batches_of_several_sizes_are_divided(made):
    graph = CASES["every state"]
    first = made(graph, 8, 2, dtype=np.float64)
    second, alone = compile(graph, 3, share=first), made(graph, 3, 1, dtype=np.float64)
    for plan in (second, alone):
        plan.load(*samples(graph, 3))
    assert second.run() == pytest.approx(alone.run(), rel=1e-9)


def test_small_layers_shared_weights_and_other_layers_are_left_as_they_are():
    assert not divides(network(LSTM(units=256)))
    assert not divides(network(GRU(units=512)))
    assert not divides(network(LSTM(units=512)), batch=1024, count=512 // FEWEST + 1)
    twins = network(
        LSTM(units=512, sequence=True), Dense(units=FEATURES), LSTM(units=512, learning=Learning(shares="1"))
    )
    assert not divides(twins)


def test_what_becomes_infinite_is_blamed(made):
    graph = network(LSTM(units=512), Dense(units=3))
    plan = made(graph, 4, 2)
    plan.load(*samples(graph, 4))
    plan.step(0.01)
    plan.parameters["2.weight"][...] = 3e38
    with pytest.raises(NotFinite) as caught:
        plan.step(0.01)
    assert caught.value.node == "2"
