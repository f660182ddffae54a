"""Weights that are normalised, by weight or spectral normalisation, against the parametrizations of PyTorch."""

import json
import sys
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest

from engine.bench.torch_program import start_of, torch_program
from engine.export.network import Network
from engine.export.onnx import assemble
from engine.export.session import OnnxPredictor
from engine.export.sheet import Box, Sheet
from engine.graph import Graph
from engine.layer import Layer
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.learning import Learning
from engine.losses.mean_squared_error import MeanSquaredError
from engine.normalised import RULES, rule_of
from engine.optimizers.adam import Adam
from engine.optimizers.muon import Muon
from engine.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile
from engine.plan.plan import NotFinite
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters
from engine.preprocessor import Feed
from engine.project.file import load, save
from engine.project.project import Project
from engine.project.run import Run, Saved
from engine.training.settings import TrainingSettings

from .networks import cases, network, ready, run
from .test_training_checkpoint import resumes_exactly
from .training_cases import classifier

KINDS = sorted(RULES)


def normalised(layer, kind, **options):
    return layer.with_(learning=Learning(normalisation=kind, **options))


def can(example):
    """Tell whether the example has a weight that can be normalised."""
    if type(example.layer).weights is Layer.weights:
        return False
    layer = normalised(example.layer, "weight")
    return any(map(rule_of, layer.own_weights(*example.inputs).values()))


EXAMPLES = [pytest.param(example, id=name) for name, example in cases() if can(example)]


def with_kind(example, kind, **options):
    return type(example)(normalised(example.layer, kind, **options), example.inputs, example.integers)


def module_of(plan, layer, kind, turns=1):
    """Return a module of PyTorch with a weight normalised as it does, and the values that a plan has."""
    import torch

    given = {name.removeprefix("box."): torch.tensor(np.array(a)) for name, a in plan.parameters.items()}
    # The shape of the weight and the axis of the units are all that its kind is asked for.
    base = torch.nn.ConvTranspose2d if "Transpose" in type(layer).__name__ else torch.nn.Linear
    module = base(1, 1, 1, dtype=torch.float64) if base is not torch.nn.Linear else base(1, 1, dtype=torch.float64)
    module.weight = torch.nn.Parameter(given["weight"].clone())
    kept = torch.nn.utils.parametrizations
    if kind == "weight":
        module = kept.weight_norm(module)
        module.parametrizations.weight.original0.data = given["weight_g"].reshape(
            -1, *(1,) * (given["weight"].ndim - 1)
        )
        module.parametrizations.weight.original1.data = given["weight"]
    else:
        module = kept.spectral_norm(module, n_power_iterations=turns)
        module.parametrizations.weight[0]._u = given["weight_u"]
        module.parametrizations.weight[0]._v = given["weight_v"].reshape(-1)
    return module


def close(found, expected, name=""):
    np.testing.assert_allclose(
        found, expected.detach().numpy().reshape(found.shape), rtol=1e-9, atol=1e-11, err_msg=name
    )


def test_dense_convolutions_and_bilinear_can_be_normalised():
    found = {type(case.values[0].layer).__name__ for case in EXAMPLES}
    planes = {"Conv1D", "Conv2D", "Conv3D", "ConvTranspose1D", "ConvTranspose2D", "DepthwiseConv2D"}
    assert found == {"Dense", "Bilinear"} | planes


def test_what_can_be_chosen_is_what_there_is():
    assert set(Learning.params()["normalisation"].choices) == {"none", *RULES}


@pytest.mark.oracle
@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(("kind", "turns"), [("weight", 1), ("spectral", 1), ("spectral", 3)])
@pytest.mark.parametrize("poison", [False, True])
def test_weights_and_gradients_are_those_of_pytorch(example, kind, turns, poison):
    chosen = with_kind(example, kind, power_iterations=turns)
    plan, drawn = ready(chosen, 2, poison=poison)
    plain, _ = ready(example, 2)
    module = module_of(plan, example.layer, kind, turns)
    loss = plan.run()
    made = module.weight
    for name, array in plain.parameters.items():
        array[...] = made.detach().numpy() if name == "box.weight" else plan.parameters[name]
    plain.load(drawn.inputs, drawn.targets)
    assert loss == pytest.approx(run(plain), rel=1e-9)
    for node, array in plain.input_gradients().items():
        np.testing.assert_allclose(plan.input_gradients()[node], array, rtol=1e-9, atol=1e-11)
    import torch

    made.backward(torch.tensor(np.array(plain.gradients["box.weight"])))
    kept = module.parametrizations.weight
    if kind == "weight":
        close(plan.gradients["box.weight"], kept.original1.grad)
        close(plan.gradients["box.weight_g"], kept.original0.grad)
    else:
        close(plan.gradients["box.weight"], kept.original.grad)
        close(plan.parameters["box.weight_u"], kept[0]._u)
        close(plan.parameters["box.weight_v"], kept[0]._v)
        assert set(plan.gradients) == set(plain.gradients)


@pytest.mark.parametrize("example", EXAMPLES)
def test_at_the_start_the_weights_are_as_drawn_or_divided_by_their_largest_singular_value(example):
    plain = draw_parameters(network(example), 3)["box.weight"]
    kept = draw_parameters(network(with_kind(example, "weight")), 3)
    norms = np.linalg.norm(plain.reshape(len(plain), -1), axis=1)
    np.testing.assert_array_equal(kept["box.weight"], plain)
    np.testing.assert_allclose(kept["box.weight_g"], norms, rtol=1e-6)
    kept = draw_parameters(network(with_kind(example, "spectral")), 3)
    axis = 1 if "Transpose" in type(example.layer).__name__ else 0
    matrix = np.moveaxis(plain, axis, 0).reshape(plain.shape[axis], -1)
    along = kept["box.weight_u"] @ matrix @ kept["box.weight_v"].reshape(-1)
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    assert 0.9 * largest < along <= 1.00001 * largest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_frozen_weights_stay_and_are_normalised(example, kind):
    learning, drawn = ready(with_kind(example, kind), 2, optimizer=SGD())
    frozen, _ = ready(with_kind(example, kind, frozen=True), 2, optimizer=SGD())
    for name, array in learning.parameters.items():
        frozen.parameters[name][...] = array
    frozen.load(drawn.inputs, drawn.targets)
    assert not frozen.gradients
    assert run(frozen) == run(learning)
    before = np.array(frozen.parameters["box.weight"])
    frozen.step(0.1)
    np.testing.assert_array_equal(frozen.parameters["box.weight"], before)


def pictures(kind, **options):
    """A network one of whose convolutions the compiler computes by minimal filtering, with the pooling behind it."""
    chosen = {"learning": Learning(normalisation=kind, **options)}
    graph = Graph().add("in", Input(size=(3, 12, 12))).add("wide", Conv2D(filters=17, **chosen), "in")
    graph = graph.add("fewer", Conv2D(filters=16, **chosen), "wide").add("pool", MaxPool2D(), "fewer")
    graph = (
        graph.add("relu", ReLU(), "pool").add("flat", Flatten(), "relu").add("dense", Dense(units=4, **chosen), "flat")
    )
    return graph.add("out", Output(loss=MeanSquaredError()), "dense")


def towers(kind, **options):
    """Two boxes of different names with the same weights, of which the second one is computed first."""
    chosen = Learning(normalisation=kind, **options)
    graph = Graph().add("in", Input(size=(6,))).add("first", Dense(units=6, learning=Learning(shares="owner")), "in")
    graph = graph.add("relu", ReLU(), "first").add("owner", Dense(units=6, learning=chosen), "relu")
    graph = graph.add("head", Dense(units=1, learning=chosen), "owner")
    return graph.add("out", Output(loss=MeanSquaredError()), "head")


def fed(plan, seed=0):
    rng = np.random.default_rng(seed)
    inputs = {node: rng.normal(size=array.shape) for node, array in plan.inputs.items()}
    plan.load(inputs, {node: rng.normal(size=array.shape) for node, array in plan.targets.items()})
    return inputs


# Of a spectrally normalised weight that is shared, PyTorch brings σ closer at each use, we once in a step.
@pytest.mark.oracle
@pytest.mark.parametrize(("make", "kind"), [(pictures, "weight"), (pictures, "spectral"), (towers, "weight")])
def test_twenty_steps_are_those_of_pytorch(monkeypatch, capsys, make, kind):
    """The program for PyTorch, in the same float32, from the same values."""
    graph = make(kind)
    plan, rng = compile(graph, 4, optimizer=SGD(momentum=0.0)), np.random.default_rng(0)
    data = {node: rng.normal(size=a.shape).astype(np.float32) for node, a in (plan.inputs | plan.targets).items()}
    weights = {name: np.ascontiguousarray(array) for name, array in plan.parameters.items()}
    told = start_of(data, weights, list(plan.gradients), threads=1, steps=20)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"".join(told))))
    exec(torch_program(graph, SGD(momentum=0.0), 0.005), {})
    theirs = json.loads(capsys.readouterr().out)["losses"]
    assert len(theirs) == 20
    plan.load(data, data)
    np.testing.assert_allclose([plan.step(0.005) for _ in range(20)], theirs, rtol=1e-4)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_steps_in_float64_are_those_of_pytorch(kind):
    import torch

    graph = Graph().add("in", Input(size=(5,))).add("box", normalised(Dense(units=3), kind), "in")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "box")
    plan = compile(graph, 4, optimizer=SGD(momentum=0.9), dtype=np.float64)
    module = module_of(plan, graph.nodes["box"], kind)
    module.bias.data = torch.tensor(np.array(plan.parameters["box.bias"]))
    optimizer, rng = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9), np.random.default_rng(0)
    for _ in range(20):
        x, target = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
        plan.load({"in": x}, {"out": target})
        loss = torch.nn.functional.mse_loss(module(torch.tensor(x)), torch.tensor(target))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert plan.step(0.05) == pytest.approx(loss.item(), rel=1e-9)
    answers = Predictor(graph, plan.parameters, dtype=np.float64).answers({"in": x})["out"]
    close(answers, module.eval()(torch.tensor(x)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [pictures, towers])
@pytest.mark.parametrize("optimizer", [Adam(), Muon()], ids=["adam", "muon"])
def test_answers_follow_and_are_those_of_a_copy(make, kind, optimizer):
    plan = compile(make(kind), 4, optimizer=optimizer)
    follower = Predictor(make(kind), plan.state)
    inputs = fed(plan)
    losses = [plan.step(0.01) for _ in range(8)]
    assert losses[-1] < losses[0]
    before = plan.state.arrays()
    copy = Predictor(make(kind), before)
    watching = Predictor(make(kind), before, keep_values=True)
    np.testing.assert_array_equal(copy.answers(inputs)["out"], follower.answers(inputs)["out"])
    np.testing.assert_allclose(watching.answers(inputs)["out"], copy.answers(inputs)["out"], rtol=1e-4, atol=1e-5)
    assert all((array == before[name]).all() for name, array in plan.state.arrays().items())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [pictures, towers])
def test_two_workers_compute_the_same(make, kind):
    alone, shared = (
        compile(make(kind), 6, optimizer=SGD(momentum=0.9), dtype=np.float64, workers=count) for count in (1, 2)
    )
    try:
        for plan in (alone, shared):
            fed(plan)
        theirs = [shared.step(0.01) for _ in range(4)]
        np.testing.assert_allclose(theirs, [alone.step(0.01) for _ in range(4)], rtol=1e-9)
        for name, array in alone.parameters.items():
            np.testing.assert_allclose(shared.parameters[name], array, rtol=1e-8, atol=1e-11, err_msg=name)
    finally:
        shared.close()


def answers_alike(graph, plan, inputs):
    """Check that ONNX Runtime answers as a predictor does, with weights of no other kind than without normalisation."""
    exported, sheet = Network(graph), Sheet(20)
    sheet.names.update(exported.inputs)
    values = exported.write(sheet, plan.state.arrays(), {node: node for node in exported.inputs})
    for node in exported.outputs:
        Box(sheet, f"shown {node}", {}, {}).deliver(values[exported.graph.sources(node)["x"]], f"shown {node}")
    entering = [Feed(node, "float32", layer.size) for node, layer in exported.inputs.items()]
    sources = {node: exported.graph.sources(node)["x"] for node in exported.outputs}
    leaving = [Feed(f"shown {node}", "float32", exported.shapes[source]) for node, source in sources.items()]
    proto = assemble(sheet, entering, leaving, {})
    assert not any(array.name.endswith(("_g", "_u", "_v")) for array in proto.graph.initializer)
    found = OnnxPredictor(proto.SerializeToString()).run({n: x.astype(np.float32) for n, x in inputs.items()})
    for node, ours in Predictor(graph, plan.state).outputs(inputs).items():
        np.testing.assert_allclose(found[f"shown {node}"], ours, rtol=1e-4, atol=1e-5)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [pictures, towers])
def test_onnx_runtime_computes_the_same(make, kind):
    plan = compile(make(kind), 4, optimizer=SGD())
    inputs = fed(plan)
    plan.step(0.01)
    answers_alike(make(kind), plan, inputs)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_layer_is_alike_in_onnx_runtime(example, kind):
    graph = network(with_kind(example, kind))
    plan = compile(graph, 2, optimizer=SGD())
    inputs = fed(plan)
    plan.run()
    answers_alike(graph, plan, inputs)


@pytest.mark.parametrize("make", [pictures, towers])
def test_without_the_option_nothing_is_made(make):
    program = compile(make("none"), 4, optimizer=SGD()).bound.program
    kinds = {key.kind for call in program.calls for key in call.named()} | {key.kind for key in program.arrays}
    assert not kinds & {"made", "grad_made"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_is_made_once_for_all_who_share_it(kind):
    calls = compile(towers(kind), 4, optimizer=SGD()).bound.program.calls
    made = [key for call in calls for key in call.writes if key.kind == "made"]
    assert sorted(key.node for key in made) == ["head", "owner"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_that_shares_learns_as_its_owner_also_where_it_is_computed_in_another_way(kind):
    """The owner is computed by minimal filtering, the other box, with smaller images, is not."""
    chosen = Learning(normalisation=kind, frozen=True)
    graph = Graph().add("large", Input(size=(24, 16, 16))).add("small", Input(size=(24, 3, 3)))
    graph = graph.add("owner", Conv2D(filters=24, learning=chosen), "large")
    graph = graph.add("guest", Conv2D(filters=24, learning=Learning(shares="owner")), "small")
    for box in ("owner", "guest"):
        graph = graph.add(f"{box}_out", Output(loss=MeanSquaredError()), box)
    plan = compile(graph, 2, input_gradients=True)
    assert type(plan.graph.nodes["owner"]) is not type(plan.graph.nodes["guest"])
    fed(plan)
    assert np.isfinite(run(plan))
    assert not plan.gradients


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", [SGD(), ScheduleFreeAdamW()], ids=["sgd", "schedule-free"])
def test_training_resumes_exactly(kind, optimizer):
    graph = classifier(normalised(Dense(units=5), kind))
    resumes_exactly(graph, TrainingSettings(epochs=3, batch=8, rate=0.02, optimizer=optimizer), 1, 7)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_saved_with_what_was_learned(kind, tmp_path):
    layer = normalised(Dense(units=3), kind, power_iterations=2)
    assert Layer.from_dict(layer.to_dict()) == layer
    graph = towers(kind)
    run = Run("run-1", Project(graph=graph), parameters=draw_parameters(graph, 1))
    save(tmp_path / "a.netw", Saved(run.project, (run,)))
    kept = load(tmp_path / "a.netw").runs[0].parameters
    inputs = {"in": np.random.default_rng(0).normal(size=(3, 6))}
    ours, theirs = (Predictor(graph, values).answers(inputs)["out"] for values in (run.parameters, kept))
    np.testing.assert_array_equal(ours, theirs)
    assert kept.keys() > {f"owner.weight_{part}" for part in {"weight": "g", "spectral": "uv"}[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_finite_is_named(kind):
    plan = compile(towers(kind), 4, optimizer=SGD())
    fed(plan)
    before = plan.state.vector.copy()
    plan.targets["out"][...] = 1e30
    with pytest.raises(NotFinite, match="became infinite or not a number"):
        plan.step(0.1)
    np.testing.assert_array_equal(plan.state.vector, before)


def test_a_unit_of_zeros_stays_finite():
    graph = Graph().add("in", Input(size=(4,))).add("box", normalised(Dense(units=3), "weight"), "in")
    plan = compile(graph.add("out", Output(loss=MeanSquaredError()), "box"), 4, optimizer=SGD())
    plan.parameters["box.weight"][1] = 0
    fed(plan)
    for _ in range(3):
        assert np.isfinite(plan.step(0.01))
