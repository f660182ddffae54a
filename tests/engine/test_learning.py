"""How weights learn: frozen ones, those held back by L1, L2 and a largest norm, those that several boxes share."""

import json
import re
import sys
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest

from engine.bench.torch_program import start_of, torch_program
from engine.composite import flatten
from engine.graph import Graph, Port
from engine.infer import infer, mend
from engine.layer import Layer
from engine.layers.add import Add
from engine.layers.conv1d import Conv1D
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.residual_block import ResidualBlock
from engine.learning import Learning
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile
from engine.plan.state import draw_parameters

from .networks import Weighted, cases, feed, is_random, ready, run, scatter

RATE = 0.1


def with_learning(example, **options):
    layer = example.layer.with_(learning=Learning(**options))
    return type(example)(layer, example.inputs, example.integers)


def learns(example):
    """Tell whether the example has weights that can learn."""
    return example.layer.has_weights() and bool(ready(example, 2)[0].gradients)


EXAMPLES = [pytest.param(example, id=name) for name, example in cases() if learns(example)]


def test_there_are_layers_with_weights():
    assert len({type(case.values[0].layer) for case in EXAMPLES}) > 20


@pytest.mark.oracle
@pytest.mark.parametrize("example", EXAMPLES)
def test_penalties_and_the_largest_norm_are_those_of_pytorch(example):
    import torch

    l1, l2, longest = 0.03, 0.2, 0.4
    plain, _ = ready(example, 2)
    held, _ = ready(with_learning(example, l1=l1, l2=l2, max_norm=longest), 2, optimizer=SGD(momentum=0.0))
    assert run(held) == run(plain), "the loss is that of the data alone"
    weights = {
        n: torch.tensor(np.array(a), requires_grad=True) for n, a in plain.parameters.items() if n in plain.gradients
    }
    chosen = [w for name, w in weights.items() if "bias" not in name]
    penalty = sum(l1 * w.abs().sum() + l2 * w.square().sum() for w in chosen)
    penalty.backward()
    for name, weight in weights.items():
        added = weight.grad.numpy() if weight.grad is not None else 0.0
        np.testing.assert_allclose(held.gradients[name], plain.gradients[name] + added, rtol=1e-9, atol=1e-12)
    gradients = {name: np.array(array) for name, array in held.gradients.items()}
    held.state.update(RATE)
    for name, weight in weights.items():
        moved = weight.detach() - RATE * torch.tensor(gradients[name])
        if "bias" not in name:
            moved = torch.renorm(moved.reshape(len(moved), -1), 2, 0, longest).reshape(moved.shape)
        np.testing.assert_allclose(held.parameters[name], moved.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("example", EXAMPLES)
def test_frozen_weights_stay_and_all_else_is_as_before(example):
    plain, drawn = ready(example, 2)
    frozen, _ = ready(with_learning(example, frozen=True), 2, optimizer=SGD())
    frozen.load(drawn.inputs, drawn.targets)
    assert not frozen.gradients
    assert frozen.state.vector.size == 0
    for name, array in plain.parameters.items():
        frozen.parameters[name][...] = array
    assert run(frozen) == run(plain)
    expected = {} if example.integers else plain.input_gradients()
    for name, array in expected.items():
        np.testing.assert_array_equal(frozen.input_gradients()[name], array)
    before = frozen.state.arrays()
    frozen.state.update(RATE)
    assert all((array == before[name]).all() for name, array in frozen.state.arrays().items())


def twice(example, **learning):
    """Return a graph with the layer in two boxes, each with inputs of its own."""
    graph, layer = Graph(), example.layer
    for box, chosen in (("box", layer), ("again", layer.with_(learning=Learning(**learning)))):
        for port, shape in zip(layer.ports(), example.inputs, strict=True):
            graph = graph.add(f"{box}_{port}", Input(size=shape))
        graph = graph.add(box, chosen, *(f"{box}_{port}" for port in layer.ports()))
        for name in layer.outputs:
            graph = graph.add(f"{box}_out_{name}", Output(loss=Weighted()), Port(box, name))
    return graph


@pytest.mark.parametrize("example", [case for case in EXAMPLES if not is_random(case.values[0])])
@pytest.mark.parametrize("poison", [False, True])
def test_gradients_of_shared_weights_add_up(example, poison):
    options = {"dtype": np.float64, "input_gradients": not example.integers}
    alone, shared = (
        compile(twice(example), 2, **options),
        compile(twice(example, shares="box"), 2, poison=poison, **options),
    )
    assert infer(twice(example, shares="box")).problems == ()
    scatter(shared, np.random.default_rng(1))
    for name, array in alone.parameters.items():
        array[...] = shared.parameters["box" + name.removeprefix("again").removeprefix("box")]
    for plan in (alone, shared):
        feed(plan, np.random.default_rng(2), example.integers)
    assert run(shared) == pytest.approx(run(alone), rel=1e-12)
    assert not any(name.startswith("again") for name in shared.parameters)
    if not example.integers:
        for node, array in alone.input_gradients().items():
            np.testing.assert_allclose(shared.input_gradients()[node], array, rtol=1e-9, atol=1e-12)
    for name, array in shared.gradients.items():
        both = alone.gradients[name] + alone.gradients["again" + name.removeprefix("box")]
        np.testing.assert_allclose(array, both, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("example", EXAMPLES)
def test_how_weights_learn_is_saved(example):
    layer = example.layer.with_(learning=Learning(frozen=True, l1=0.1, l2=0.2, max_norm=3.0, shares="other"))
    assert Layer.from_dict(layer.to_dict()) == layer
    assert "learning" not in example.layer.to_dict()


def test_nothing_is_done_for_frozen_weights_at_the_start():
    frozen = Learning(frozen=True)
    graph = Graph().add("in", Input(size=(4,))).add("first", Dense(units=3, learning=frozen), "in")
    graph = graph.add("relu", ReLU(), "first").add("second", Dense(units=2), "relu")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "second")
    calls = compile(graph, 2, optimizer=SGD()).bound.program.calls
    assert {call.node for call in calls if call.phase == "backward"} == {"out", "second"}


@pytest.mark.parametrize(
    "layer",
    [
        Dense(units=3),
        Conv1D(filters=3),
        Conv2D(filters=3),
        Conv2D(filters=3, stride=(2, 2)),
        Conv2D(filters=3, kernel=(1, 1)),
        Conv2D(filters=32),
    ],
)
def test_no_gradient_is_computed_for_frozen_weights_between_others(layer):
    width = 30 if isinstance(layer, Conv2D) and layer.filters == 32 else 4
    shape = {Dense: (4,), Conv1D: (6, 4)}.get(type(layer), (4, 8, 8))
    first = layer.with_(units=4) if isinstance(layer, Dense) else layer.with_(filters=width)
    graph = Graph().add("in", Input(size=shape)).add("first", first, "in")
    graph = graph.add("frozen", layer.with_(learning=Learning(frozen=True)), "first")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "frozen")
    calls = compile(graph, 2, optimizer=SGD()).bound.program.calls
    assert not [key for call in calls for key in call.named() if key.kind == "spare"]
    assert "frozen" in {call.node for call in calls if call.phase == "backward"}


def test_a_composite_says_how_its_boxes_learn():
    block = ResidualBlock(filters=2, learning=Learning(l2=0.1, shares="a"))
    graph = Graph().add("in", Input(size=(2, 4, 4))).add("a", ResidualBlock(filters=2), "in").add("b", block, "a")
    flat = flatten(graph.add("out", Output(loss=MeanSquaredError()), "b"))
    inside = {n: layer for n, layer in flat.nodes.items() if n.startswith("b/") and layer.has_weights()}
    assert inside
    assert {layer.learning.shares for layer in inside.values()} == {f"a/{name[2:]}" for name in inside}
    assert {layer.learning.l2 for layer in inside.values()} == {0.1}
    assert not any(name.startswith("b/") for name in draw_parameters(graph.add("out", Output(), "b"), 0))


def siamese():
    """Two towers of the same weights and a head on their sum."""
    graph = Graph().add("left", Input(size=(5,))).add("right", Input(size=(5,)))
    graph = graph.add("tower", Dense(units=6), "left")
    graph = graph.add("mirror", Dense(units=6, learning=Learning(shares="tower")), "right")
    graph = graph.add("relu_a", ReLU(), "tower").add("relu_b", ReLU(), "mirror")
    graph = graph.add("again", Dense(units=6, learning=Learning(shares="deep")), "relu_a")
    graph = graph.add("deep", Dense(units=6), "relu_b")
    graph = graph.add("sum", Add(), "again", "deep").add("head", Dense(units=1), "sum")
    return graph.add("out", Output(loss=MeanSquaredError()), "head")


@pytest.mark.oracle
def test_a_siamese_network_learns_as_in_pytorch():
    import torch

    plan = compile(siamese(), 4, optimizer=SGD(), dtype=np.float64)
    modules = {n: torch.nn.Linear(i, o).double() for n, i, o in (("tower", 5, 6), ("deep", 6, 6), ("head", 6, 1))}
    for name, module in modules.items():
        for part, weight in module.named_parameters():
            weight.data = torch.tensor(np.array(plan.parameters[f"{name}.{part}"]))
    optimizer = torch.optim.SGD([w for m in modules.values() for w in m.parameters()], lr=RATE, momentum=0.9)
    rng = np.random.default_rng(0)
    for _ in range(50):
        left, right, target = rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), rng.normal(size=(4, 1))
        plan.load({"left": left, "right": right}, {"out": target})
        ours = plan.step(RATE / 10)
        towers = [modules["deep"](torch.relu(modules["tower"](torch.tensor(x)))) for x in (left, right)]
        loss = torch.nn.functional.mse_loss(modules["head"](sum(towers)), torch.tensor(target))
        optimizer.param_groups[0]["lr"] = RATE / 10
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert ours == pytest.approx(loss.item(), rel=1e-9)
    for name, array in plan.parameters.items():
        module, part = name.split(".")
        np.testing.assert_allclose(array, modules[module].get_parameter(part).detach().numpy(), rtol=1e-8, atol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("frozen", [False, True])
def test_the_code_for_pytorch_shares_the_modules(monkeypatch, capsys, frozen):
    """Its losses are ours, from the same weights, also where some do not learn."""
    graph = siamese()
    graph = graph.add("deep", Dense(units=6, learning=Learning(frozen=frozen)))
    plan, rng = compile(graph, 4, optimizer=SGD(momentum=0.0)), np.random.default_rng(0)
    data = {name: rng.normal(size=shape).astype(np.float32) for name, shape in (("left", (4, 5)), ("right", (4, 5)))}
    target = rng.normal(size=(4, 1)).astype(np.float32)
    weights = {name: np.ascontiguousarray(array) for name, array in plan.parameters.items()}
    told = start_of(data | {"out": target}, weights, list(plan.gradients), threads=1, steps=5)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"".join(told))))
    exec(torch_program(graph, SGD(momentum=0.0), RATE), {})
    theirs = json.loads(capsys.readouterr().out)["losses"]
    plan.load(data, {"out": target})
    np.testing.assert_allclose([plan.step(RATE) for _ in range(5)], theirs, rtol=1e-4)


def sharing(layer, other=None, shares="a"):
    other = other or Dense(units=3)
    graph = Graph().add("in", Input(size=(4,))).add("a", other, "in")
    return graph.add("b", layer.with_(learning=Learning(shares=shares)), "in")


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (sharing(Dense(units=3), shares="nobody"), "nobody, which is not there"),
        (
            sharing(Dense(units=5)),
            r"weight is \(5, 4\), and there it is \(3, 4\)|weight is 5 × 4, and there it is 3 × 4",
        ),
        (sharing(Dense(units=3, use_bias=False)), "bias is not there"),
        (sharing(Dense(units=3), ReLU()), "which is no Dense but ReLU"),
        (sharing(Dense(units=3), shares="b"), "in a circle: b → b"),
        (sharing(Dense(units=3), Dense(units=3, learning=Learning(shares="b"))), "in a circle"),
    ],
)
def test_wrong_sharing_is_a_sentence_and_its_fix_helps(graph, said):
    found = infer(graph).problems
    assert found
    assert any(re.search(said, problem.what) for problem in found), found
    for problem in found:
        assert problem.what.endswith(".")
        graph = mend(graph, problem, problem.fixes[0])
    assert infer(graph).problems == ()


def test_a_box_can_share_what_another_shares():
    graph = sharing(Dense(units=3)).add("c", Dense(units=3, learning=Learning(shares="b")), "in")
    assert infer(graph).problems == ()
    assert set(draw_parameters(graph, 0)) == {"a.weight", "a.bias"}


def test_a_renamed_box_is_still_shared():
    graph = sharing(Dense(units=3)).rename("a", "tower")
    assert graph.nodes["b"].learning.shares == "tower"
    assert infer(graph).problems == ()


def test_composites_with_other_boxes_inside_cannot_share():
    blocks = ResidualBlock(filters=2), ResidualBlock(filters=3, learning=Learning(shares="a"))
    graph = Graph().add("in", Input(size=(2, 4, 4))).add("a", blocks[0], "in").add("b", blocks[1], "in")
    (problem,) = infer(graph).problems
    assert "there it is" in problem.what
