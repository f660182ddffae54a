"""Graphs drawn at random from all layers: what the compiler promises must hold for any of them."""

import numpy as np
import pytest

from engine.composite import Composite
from engine.infer import infer
from engine.plan.compile import compile
from engine.plan.memory import place
from engine.plan.predict import Predictor
from tests.engine.drawn_graphs import DEPTH, LAYERS, depth, draw, steady
from tests.engine.in_torch import TorchGraph
from tests.engine.networks import all_gradients, feed, run, scatter


def prepared(graph, **options):
    plan = compile(graph, 3, dtype=np.float64, input_gradients=True, **options)
    rng = np.random.default_rng(1)
    scatter(plan, rng)
    return plan, feed(plan, rng)


SEEDS = [*range(60), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(60, 500))]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_graph_keeps_what_the_compiler_promises(seed):
    graph = draw(seed)
    assert infer(graph).problems == ()
    assert depth(graph) <= DEPTH
    plan, drawn = prepared(graph)
    run(plan)
    shapes_are_as_inferred(plan)
    poison_changes_nothing(graph, plan)
    the_slope_is_the_gradient(plan, drawn)
    chunks_change_nothing(plan, drawn)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", SEEDS)
def test_any_graph_trains_as_in_pytorch(seed, monkeypatch):
    """Loss and all gradients, in float64; some of PyTorch's curves hold constants of single precision."""
    import torch

    monkeypatch.setattr(torch.nn.functional, "_verify_spatial_size", lambda size: None)  # it refuses single pixels
    graph = steady(draw(seed))
    plan, drawn = prepared(graph)
    try:
        theirs = TorchGraph(graph, {name: a.copy() for name, a in plan.parameters.items()}, drawn.inputs)
    except RuntimeError as refusal:
        assert "smaller than kernel size" in str(refusal)  # noqa: PT017
        pytest.skip("PyTorch pools no volume that is thinner than its window before it is padded.")
    loss, gradients = theirs.gradients(drawn.targets)
    assert run(plan) == pytest.approx(loss, rel=1e-6, abs=1e-6)
    for name, ours in all_gradients(plan).items():
        found = np.broadcast_to(gradients[name], ours.shape)
        scale = max(1.0, float(np.abs(found).max()))
        np.testing.assert_allclose(ours, found, rtol=0, atol=1e-6 * scale, err_msg=name)


def shapes_are_as_inferred(plan):
    for node, value in plan.outputs().items():
        assert value.shape[1:] == plan.inference.shapes[plan.graph.sources(node)["x"]]


def poison_changes_nothing(graph, plan):
    loss, gradients = run(plan), all_gradients(plan)
    poisoned, _ = prepared(graph, poison=True)
    for _ in range(2):
        assert run(poisoned) == loss
    for name, array in all_gradients(poisoned).items():
        np.testing.assert_array_equal(array, gradients[name], err_msg=name)


def the_slope_is_the_gradient(plan, drawn):
    """Move all weights and inputs at once, in a random direction; the shorter step is for corners close by."""
    run(plan)
    gradients = all_gradients(plan)
    rng = np.random.default_rng(2)
    along = {name: rng.normal(size=array.shape) for name, array in gradients.items()}
    kept = {name: plan.parameters[name].copy() for name in plan.gradients}

    def value(step):
        for name, array in kept.items():
            plan.parameters[name][...] = array + step * along[name]
        plan.load({n: a + step * along.get(n, 0) for n, a in drawn.inputs.items()}, drawn.targets)
        return run(plan)

    found = [(value(step) - value(-step)) / (2 * step) for step in (1e-6, 1e-7)]
    value(0)
    expected = sum(float((gradients[name] * along[name]).sum()) for name in gradients)
    size = sum(float(np.linalg.norm(gradients[name]) * np.linalg.norm(along[name])) for name in gradients)
    assert min(abs(slope - expected) for slope in found) <= 1e-5 * max(abs(expected), 0.1 * size) + 1e-7


def chunks_change_nothing(plan, drawn):
    predictors = [Predictor(plan.graph, plan.parameters, batch=batch, dtype=np.float64) for batch in (3, 2)]
    whole, parts = (predictor.outputs(drawn.inputs) for predictor in predictors)
    for node, value in whole.items():
        np.testing.assert_allclose(parts[node], value, rtol=1e-9, atol=1e-12)


def test_the_draw_covers_most_layers():
    """Enough graphs of the fast part hold nearly every layer at least once, and come in all depths."""
    graphs = [draw(seed) for seed in range(60)]
    seen = {type(layer) for graph in graphs for layer in graph.nodes.values()}
    kinds = {type(layer) for layer in LAYERS}
    assert len(seen & kinds) >= 0.8 * len(kinds)
    depths = {depth(graph) for graph in graphs}
    assert min(depths) <= 4
    assert max(depths) >= 10
    assert any(isinstance(kind, type) and issubclass(kind, Composite) for kind in seen)


@pytest.mark.parametrize("seed", range(20))
def test_arrays_that_live_together_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    sizes = {key: int(rng.integers(1, 100)) for key in range(40)}
    spans = {key: tuple(sorted(rng.integers(0, 30, 2).tolist())) for key in sizes}
    offsets = place(sizes, spans)
    for one in sizes:
        for other in range(one):
            together = spans[one][0] <= spans[other][1] and spans[other][0] <= spans[one][1]
            apart = offsets[one] >= offsets[other] + sizes[other] or offsets[other] >= offsets[one] + sizes[one]
            assert apart or not together
    most = max(sum(sizes[k] for k in sizes if spans[k][0] <= t <= spans[k][1]) for t in range(30))
    assert max(offsets[key] + sizes[key] for key in sizes) <= 1.3 * most
