"""What a compiled plan promises, whatever the layers are."""

import numpy as np
import pytest

from engine.catalog import Layer, Optimizer
from engine.graph import Graph
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.tanh import Tanh
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.checked import CompileError
from engine.plan.compile import compile
from engine.plan.plan import NotFinite
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters
from tests.engine.networks import computes, ready


def network():
    graph = Graph().add("in", Input(size=(4,))).add("hidden", Dense(units=8), "in").add("relu", ReLU(), "hidden")
    return graph.add("drop", Dropout(rate=0.2), "relu").add("head", Dense(units=3), "drop").add("out", Output(), "head")


def batches(count, size, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        x = rng.normal(size=(size, 4)).astype(np.float32)
        yield {"in": x}, {"out": x[:, :3].argmax(axis=1)}


def train(plan, loads, rate=0.02):
    losses = []
    for inputs, targets in loads:
        plan.load(inputs, targets)
        losses.append(plan.step(rate))
    return losses


@pytest.mark.parametrize("kind", Optimizer.registry.values())
def test_same_seed_same_losses(kind):
    first, second, other = (
        train(compile(network(), 16, optimizer=kind(), seed=seed), batches(20, 16)) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_it_learns():
    losses = train(compile(network(), 32, optimizer=Adam()), batches(200, 32))
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:20])


@pytest.mark.parametrize("kind", Optimizer.registry.values())
def test_a_restored_state_continues_exactly(kind):
    whole = compile(network(), 16, optimizer=kind())
    loads = list(batches(20, 16))
    expected = train(whole, loads)
    first = compile(network(), 16, optimizer=kind())
    train(first, loads[:7])
    second = compile(network(), 16, optimizer=kind(), seed=99)
    second.state.restore(first.state.arrays())
    second.state.step = first.state.step
    second.state.rng.bit_generator.state = first.state.rng.bit_generator.state
    assert train(second, loads[7:]) == expected[7:]


def test_plans_of_two_sizes_share_what_they_learn():
    plan = compile(network(), 16, optimizer=Adam())
    last = compile(network(), 5, optimizer=Adam(), share=plan)
    before = plan.parameters["head.weight"].copy()
    train(last, batches(1, 5))
    assert plan.state.step == 1
    assert not np.array_equal(plan.parameters["head.weight"], before)
    assert last.parameters["head.weight"] is plan.parameters["head.weight"]


def test_first_values_do_not_depend_on_other_boxes():
    small = Graph().add("in", Input(size=(4,))).add("a", Dense(units=3), "in").add("out", Output(), "a")
    large = small.add("b", Dense(units=2), "in").add("other", Output(), "b")
    for name, array in draw_parameters(small, 3).items():
        np.testing.assert_array_equal(draw_parameters(large, 3)[name], array)
        assert array.dtype == np.float32


def test_nothing_finite_is_lost_when_a_number_is_not():
    plan = compile(network(), 16, optimizer=Adam())
    train(plan, batches(2, 16))
    before = plan.state.arrays()
    ((inputs, targets),) = batches(1, 16)
    inputs["in"][3, 1] = np.inf
    plan.load(inputs, targets)
    with pytest.raises(NotFinite, match="In step 3 the data of in became infinite") as caught:
        plan.step(0.02)
    assert caught.value.node == "in"
    assert plan.state.step == 2
    for name, array in plan.state.arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_box_that_overflows_is_blamed():
    plan = compile(network(), 16, optimizer=Adam())
    plan.parameters["hidden.weight"][...] = 1e30
    plan.parameters["head.weight"][...] = 1e30
    ((inputs, targets),) = batches(1, 16)
    plan.load(inputs, targets)
    with pytest.raises(NotFinite) as caught:
        plan.step(0.02)
    assert caught.value.node == "head"


def test_a_weight_that_is_not_finite_is_named():
    """Names of weights may have dots in them, as PyTorch's have."""
    for kind, name in weights_with_longest_names():
        example = next(iter(kind.examples()))
        plan, _ = ready(example, 2)
        plan.parameters[f"box.{name}"][...] = np.nan
        with pytest.raises(NotFinite) as caught:
            plan.step(0.1)
        assert (caught.value.node, caught.value.tensor) == ("box", name)


def weights_with_longest_names():
    for kind in Layer.registry.values():
        example = next(iter(kind.examples()))
        names = [name for name, weight in example.layer.weights(*example.inputs).items() if weight.trained]
        if computes(kind) and names:
            yield kind, max(names, key=len)


def test_what_no_output_sees_is_left_out():
    graph = network().add("dead", Dense(units=5), "relu")
    plan = compile(graph, 16, optimizer=Adam())
    assert np.isfinite(train(plan, batches(3, 16))).all()
    alone = train(compile(network(), 16, optimizer=Adam()), batches(3, 16))
    assert train(compile(graph, 16, optimizer=Adam()), batches(3, 16)) == pytest.approx(alone, rel=1e-5)


def test_problems_are_refused_in_words():
    with pytest.raises(CompileError, match=r"^head: Input x is not wired\.$"):
        compile(network().disconnect("head", "x"), 4)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_a_predictor_answers_any_number(count):
    graph = network()
    predictor = Predictor(graph, draw_parameters(graph, 0), batch=4, keep_values=True)
    x = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    answer = predictor.answers({"in": x})["out"]
    assert answer.shape == (count, 3)
    np.testing.assert_allclose(answer.sum(axis=1), 1, rtol=1e-6)
    for port, value in predictor.values({"in": x}).items():
        assert len(value) == count, port


def test_a_predictor_follows_a_training():
    plan = compile(network(), 16, optimizer=Adam())
    follows = Predictor(network(), plan.state)
    copies = Predictor(network(), plan.parameters)
    ((inputs, _),) = batches(1, 16)
    before = follows.answers(inputs)["out"]
    train(plan, batches(3, 16))
    assert not np.array_equal(follows.answers(inputs)["out"], before)
    np.testing.assert_array_equal(copies.answers(inputs)["out"], before)


def test_gradients_of_several_readers_are_added():
    graph = Graph().add("in", Input(size=(3,))).add("shared", Dense(units=2), "in")
    one = graph.add("a", Output(loss=MeanSquaredError()), "shared")
    two = one.add("b", Output(loss=MeanSquaredError(), weight=2.0), "shared")
    x, target = np.ones((4, 3)), np.zeros((4, 2))
    plans = [compile(g, 4, dtype=np.float64, input_gradients=True) for g in (one, two)]
    for plan in plans:
        plan.load({"in": x}, dict.fromkeys(plan.targets, target))
        plan.run()
    np.testing.assert_allclose(plans[1].gradients["shared.weight"], 3 * plans[0].gradients["shared.weight"], rtol=1e-12)
    np.testing.assert_allclose(plans[1].input_gradients()["in"], 3 * plans[0].input_gradients()["in"], rtol=1e-12)


def test_costs_are_counted():
    costs = {cost.node: cost for cost in compile(network(), 16, optimizer=Adam()).explain(repeats=1)}
    assert costs["hidden"].parameters == 8 * 4 + 8
    assert costs["hidden"].multiply_adds == 8 * 4
    assert costs["hidden"].shape == (8,)
    assert costs["relu"].parameters == 0
    assert all(cost.milliseconds >= 0 for cost in costs.values())


def test_it_is_told_how_boxes_are_computed():
    graph = (
        Graph().add("in", Input(size=(3, 8, 8))).add("conv", Conv2D(filters=4), "in").add("pool", MaxPool2D(), "conv")
    )
    graph = graph.add("next", Conv2D(filters=4), "pool").add("flat", Flatten(), "next").add("out", Output(), "flat")
    costs = {cost.node: cost for cost in compile(graph, 2).explain(repeats=1)}
    assert "pool" not in costs
    assert "in four groups, pooled at once" in costs["conv"].algorithm
    assert "windows copied; gradient from windows of the gradient" in costs["next"].algorithm
    assert (costs["next"].layout, costs["flat"].layout) == ("channels last", "in order")


def test_a_predictor_has_no_memory_for_the_way_back():
    graph = Graph().add("in", Input(size=(3, 16, 16)))
    for number in range(6):
        graph = graph.add(f"conv{number}", Conv2D(filters=8), f"conv{number - 1}" if number else "in")
    graph = graph.add("flat", Flatten(), "conv5").add("out", Output(), "flat")
    plan, predictor = compile(graph, 64), Predictor(graph, draw_parameters(graph, 0), batch=64)
    assert not [key for key in predictor._bound.arrays if "back" in key.name or key.kind == "grad"]
    assert predictor._bound.bytes < 0.6 * plan.bound.bytes


def test_a_step_makes_no_garbage():
    """Memory does not grow, and no array as large as a layer's comes and goes."""
    import tracemalloc

    graph = Graph().add("in", Input(size=(256,))).add("a", Dense(units=512), "in").add("b", ReLU(), "a")
    graph = graph.add("c", Dense(units=10), "b").add("out", Output(), "c")
    plan = compile(graph, 64, optimizer=Adam())
    rng = np.random.default_rng(0)
    plan.load({"in": rng.normal(size=(64, 256)).astype(np.float32)}, {"out": rng.integers(0, 10, 64)})
    plan.step(1e-3)
    tracemalloc.start()
    for _ in range(20):
        plan.step(1e-3)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 20_000
    assert peak < 64 * 512 * 4


@pytest.mark.parametrize("loss", [MeanSquaredError(), BinaryCrossEntropy(), CrossEntropy()])
def test_an_output_behind_which_nothing_learns_only_has_a_loss(loss):
    graph = Graph().add("in", Input(size=(3,))).add("curve", Tanh(), "in").add("plain", Output(loss=loss), "curve")
    graph = graph.add("dense", Dense(units=2), "in").add("learnt", Output(loss=MeanSquaredError()), "dense")
    plan = compile(graph, 4, optimizer=Adam())
    target = np.zeros(4, int) if isinstance(loss, CrossEntropy) else np.zeros((4, 3))
    plan.load({"in": np.ones((4, 3))}, {"plain": target, "learnt": np.zeros((4, 2))})
    assert plan.step(0.1) > plan.step(0.1) > 0
    assert (plan.losses["plain"] > 0).all()
