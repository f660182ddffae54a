"""Mixed samples have mixed targets, whatever the loss; and only while training."""

import numpy as np
import pytest

from engine.catalog import Layer, Loss
from engine.graph import Graph
from engine.infer import infer
from engine.layers.add import Add
from engine.layers.cut_mix import CutMix
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.mixup import Mixup
from engine.layers.output import Output
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.training.scores import losses
from tests.engine.networks import scatter
from tests.engine.test_losses import targets

MIXERS = [kind for _, kind in sorted(Layer.registry.items()) if kind.mixes]
LOSSES = [
    pytest.param(loss, shape, id=f"{name}-{i}")
    for name, kind in sorted(Loss.registry.items())
    for i, (loss, shape) in enumerate(kind.examples())
]


def drawn(batch, concentration=0.4, seed=0):
    """Return the partners and shares that a mixer draws first in a plan of this seed."""
    rng = np.random.default_rng(seed)
    return rng.permutation(batch), rng.beta(concentration, concentration, batch)


def mixture(x, partner, share):
    return (share * x.T + (1 - share) * x[partner].T).T


def expected(loss, x, target, partner, share):
    """Return the mean loss where each sample has its own target and its partner's, by what is left of it."""
    own, other = losses(loss, x, target), losses(loss, x, target[partner])
    return (share * own + (1 - share) * other).mean()


@pytest.mark.parametrize(("loss", "shape"), LOSSES)
def test_every_loss_counts_both_targets(loss, shape):
    """The value by itself, and the gradient by central differences of it."""
    graph = Graph().add("in", Input(size=shape)).add("mix", Mixup(concentration=1.0), "in")
    plan = compile(graph.add("out", Output(loss=loss), "mix"), 6, dtype=np.float64, input_gradients=True)
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(6, *shape)), targets(loss, shape, 6, rng)
    plan.load({"in": x}, {"out": target})
    found = plan.run()
    partner, share = drawn(6, 1.0)
    np.testing.assert_allclose(plan.outputs()["out"], mixture(x, partner, share), rtol=1e-12)

    def value(x):
        return expected(loss, mixture(x, partner, share), target, partner, share)

    assert found == pytest.approx(value(x), rel=1e-12)
    direction = rng.normal(size=x.shape) * 1e-6
    slope = (plan.input_gradients()["in"] * direction).sum()
    assert slope == pytest.approx((value(x + direction) - value(x - direction)) / 2, rel=1e-5, abs=1e-13)


@pytest.mark.oracle
def test_mixup_makes_soft_targets_for_pytorch(witness):
    import torch

    graph = Graph().add("in", Input(size=(4,))).add("mix", Mixup(), "in").add("head", Dense(units=3), "mix")
    plan = compile(graph.add("out", Output(loss=CrossEntropy()), "head"), 8, dtype=np.float64)
    rng = np.random.default_rng(0)
    scatter(plan, rng)
    x, target = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    plan.load({"in": x}, {"out": target})
    loss = plan.run()
    partner, share = drawn(8)
    share = share[:, None]
    soft = share * np.eye(3)[target] + (1 - share) * np.eye(3)[target[partner]]
    weight, bias = (torch.tensor(plan.parameters[f"head.{name}"], requires_grad=True) for name in ("weight", "bias"))
    logits = torch.tensor(share * x + (1 - share) * x[partner]) @ weight.T + bias
    theirs = torch.nn.functional.cross_entropy(logits, torch.tensor(soft))
    theirs.backward()
    witness.alike(Mixup, "PyTorch", "losses of mixed targets", loss, theirs.item(), 1e-12)
    for name, tensor in (("weight", weight), ("bias", bias)):
        ours = plan.gradients[f"head.{name}"]
        witness.alike(Mixup, "PyTorch", "gradients of mixed targets", ours, tensor.grad.numpy(), 1e-10)


def two_ends():
    """Return a network with an Output behind a mixer, and one that sees the samples as they are."""
    graph = Graph().add("in", Input(size=(2, 4, 4))).add("mix", CutMix(), "in")
    graph = graph.add("flat", Flatten(), "mix").add("head", Dense(units=3), "flat").add("out", Output(), "head")
    graph = graph.add("plain", Flatten(), "in").add("tail", Dense(units=1), "plain")
    return graph.add("other", Output(loss=MeanSquaredError()), "tail")


def test_only_outputs_behind_it_are_mixed():
    plan = compile(two_ends(), 5, dtype=np.float64)
    mixed = {call.node for call in plan.bound.program.calls if call.function.__module__.endswith("plan.mixing")}
    assert mixed == {"out"}


@pytest.mark.parametrize("poison", [False, True])
def test_a_value_with_two_readers(poison):
    """What one loss adds to a gradient that another has written is mixed before it is added."""
    graph = Graph().add("in", Input(size=(3,))).add("mix", Mixup(), "in").add("head", Dense(units=1), "mix")
    graph = graph.add("one", Output(loss=MeanSquaredError()), "head")
    graph = graph.add("two", Output(loss=MeanSquaredError(), weight=0.5), "head")
    plan = compile(graph, 6, dtype=np.float64, poison=poison)
    rng = np.random.default_rng(0)
    scatter(plan, rng)
    x, one, two = rng.normal(size=(6, 3)), rng.normal(size=(6, 1)), rng.normal(size=(6, 1))
    plan.load({"in": x}, {"one": one, "two": two})
    plan.run()
    partner, share = drawn(6)
    mixed, share = mixture(x, partner, share), share[:, None]
    said = mixed @ plan.parameters["head.weight"].T + plan.parameters["head.bias"]
    slope = 0
    for weight, target in ((1, one), (0.5, two)):
        slope = slope + weight * 2 / 6 * (said - share * target - (1 - share) * target[partner])
    np.testing.assert_allclose(plan.gradients["head.weight"], (slope * mixed).sum(axis=0)[None], rtol=1e-9)


def test_what_is_pasted_in_is_counted():
    """The share is what is left of a picture, to the pixel."""
    graph = Graph().add("in", Input(size=(1, 6, 5))).add("mix", CutMix(concentration=1.0), "in")
    plan = compile(graph.add("out", Output(loss=MeanSquaredError()), "mix"), 40, dtype=np.float64)
    x = np.broadcast_to(np.arange(1.0, 41).reshape(40, 1, 1, 1), (40, 1, 6, 5))
    plan.load({"in": x}, {"out": x})
    found, (partner, _) = plan.run(), drawn(40)
    mixed = plan.outputs()["out"].copy()
    own = mixed == x
    np.testing.assert_array_equal(mixed, np.where(own, x, x[partner]))
    left = own.mean(axis=(1, 2, 3))
    assert len(set(left.tolist())) > 5
    assert found == pytest.approx(expected(MeanSquaredError(), mixed, x, partner, left), rel=1e-12)


@pytest.mark.parametrize("kind", MIXERS)
def test_every_sample_is_somebodys_partner(kind):
    x = np.random.default_rng(1).random((50, 1, 4, 4))
    partner, back, share = np.empty(50, np.intp), np.empty(50, np.intp), np.empty(50)
    kind(concentration=1.0).draw(np.random.default_rng(0), partner, back, share)
    np.testing.assert_array_equal(x[partner][back], x)
    assert (partner != np.arange(50)).mean() > 0.8
    assert share.mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_seed_gives_the_same_losses(workers):
    found = []
    for seed in (1, 1, 2):
        plan = compile(two_ends(), 8, optimizer=Adam(), seed=seed, workers=workers)
        rng = np.random.default_rng(3)
        x, target = rng.normal(size=(8, 2, 4, 4)).astype(np.float32), rng.integers(0, 3, 8)
        try:
            plan.load({"in": x}, {"out": target, "other": rng.normal(size=(8, 1)).astype(np.float32)})
            found.append([plan.step(0.01) for _ in range(4)])
        finally:
            plan.close()
    assert found[0] == found[1] != found[2]


def test_samples_can_be_mixed_only_once():
    graph = Graph().add("in", Input(size=(3,))).add("one", Mixup(), "in").add("two", Mixup(), "in")
    graph = graph.add("sum", Add(), "one", "two").add("head", Dense(units=2), "sum").add("out", Output(), "head")
    (problem,) = infer(graph).problems
    assert problem.what == "one and two lie before it, but its target can be mixed only once."
    assert problem.node == "out"
    assert infer(graph.connect("in", "sum", "x2")).problems == ()
