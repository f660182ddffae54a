"""Graphs drawn at random from all layers: what the compiler promises must hold for any of them."""

from itertools import product

import numpy as np
import pytest

from engine.graph import Graph, Port
from engine.infer import infer
from engine.layer import ShapeError
from engine.layers.input import Input
from engine.layers.output import Output
from engine.plan.compile import compile
from engine.plan.memory import place
from engine.plan.predict import Predictor
from tests.engine.networks import Weighted, all_gradients, cases, feed, is_total, is_whole, run, scatter

LAYERS = [
    example.layer for _, example in cases() if not example.integers and (not is_whole(example) or is_total(example))
]
STARTS = sorted({shape for _, example in cases() for shape in example.inputs if not example.integers})


def sources(layer, shapes, rng):
    """Return output ports that suit all inputs of a layer, drawn from those that there are; None where none do."""
    ports = [list(shapes)[i] for i in rng.permutation(len(shapes))[:8]]
    for chosen in product(ports, repeat=len(layer.ports())):
        try:
            layer.shape(*(shapes[port] for port in chosen))
        except ShapeError:
            continue
        return chosen
    return None


def draw(seed, boxes=12):
    """Return a graph of about `boxes` layers, with branches and joins; all that is unread goes to an Output."""
    rng = np.random.default_rng(seed)
    graph = Graph()
    for number, index in enumerate(rng.permutation(len(STARTS))[:2]):
        graph = graph.add(f"in{number}", Input(size=STARTS[index]))
    for number in range(boxes):
        layer, shapes = LAYERS[rng.integers(len(LAYERS))], infer(graph).shapes
        if len(layer.ports()) <= 3 and (chosen := sources(layer, shapes, rng)):
            graph = graph.add(f"box{number}", layer, *chosen)
    return finish(graph)


def finish(graph):
    for node, layer in list(graph.nodes.items()):
        for name in layer.outputs:
            if Port(node, name) not in graph.readers:
                graph = graph.add(f"out_{node}_{name}", Output(loss=Weighted()), Port(node, name))
    return graph


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
    plan, drawn = prepared(graph)
    run(plan)
    shapes_are_as_inferred(plan)
    poison_changes_nothing(graph, plan)
    the_slope_is_the_gradient(plan, drawn)
    chunks_change_nothing(plan, drawn)


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


def the_slope_is_the_gradient(plan, drawn, step=1e-6):
    """Move all weights and inputs at once, in a random direction."""
    run(plan)
    gradients = all_gradients(plan)
    rng = np.random.default_rng(2)
    along = {name: rng.normal(size=array.shape) for name, array in gradients.items()}
    kept = {name: plan.parameters[name].copy() for name in plan.gradients}
    ends = []
    for sign in (1, -1):
        for name, array in kept.items():
            plan.parameters[name][...] = array + sign * step * along[name]
        plan.load({n: a + sign * step * along.get(n, 0) for n, a in drawn.inputs.items()}, drawn.targets)
        ends.append(run(plan))
    for name, array in kept.items():
        plan.parameters[name][...] = array
    plan.load(drawn.inputs, drawn.targets)
    found = (ends[0] - ends[1]) / (2 * step)
    expected = sum(float((gradients[name] * along[name]).sum()) for name in gradients)
    size = sum(float(np.linalg.norm(gradients[name]) * np.linalg.norm(along[name])) for name in gradients)
    assert abs(found - expected) <= 1e-5 * max(abs(expected), 0.1 * size) + 1e-7


def chunks_change_nothing(plan, drawn):
    predictors = [Predictor(plan.graph, plan.parameters, batch=batch, dtype=np.float64) for batch in (3, 2)]
    whole, parts = (predictor.outputs(drawn.inputs) for predictor in predictors)
    for node, value in whole.items():
        np.testing.assert_allclose(parts[node], value, rtol=1e-9, atol=1e-12)


def test_the_draw_covers_most_layers():
    """Enough graphs of the fast part hold nearly every layer at least once."""
    seen = {type(layer) for seed in range(60) for layer in draw(seed).nodes.values()}
    kinds = {type(layer) for layer in LAYERS}
    assert len(seen & kinds) >= 0.8 * len(kinds)


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
