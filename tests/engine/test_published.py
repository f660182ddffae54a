"""Published networks, drawn, saved, loaded and trained, against the published numbers and against PyTorch."""

from importlib import import_module

import numpy as np
import pytest

from engine.composite import flatten
from engine.graph import Port
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from engine.plan.state import declared_weights
from engine.project.file import load, save
from engine.project.project import Project
from engine.project.run import Saved
from tests.engine.published import NETWORKS

NAMES = list(NETWORKS)


def reloaded(name, folder):
    """Return the network from the project file into which it was saved."""
    drawn, _ = NETWORKS[name]
    save(folder / "network.netw", Saved(Project(graph=drawn())))
    return load(folder / "network.netw").project.graph


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_published_number_of_weights(name, tmp_path):
    graph = reloaded(name, tmp_path)
    assert infer(graph).problems == ()
    declared = declared_weights(flatten(graph)).values()
    assert sum(int(np.prod(weight.shape)) for weight in declared if weight.trained) == NETWORKS[name][1]


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_pytorch_counts_as_many(name):
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        model = getattr(import_module("tests.engine.published_torch"), name)()
    assert sum(p.numel() for p in model.parameters()) == NETWORKS[name][1]


def values_for(plan):
    """Return something for each Input and Output of a plan; a class is always one that there is."""
    rng = np.random.default_rng(1)
    inputs = {node: rng.normal(size=array.shape).astype(np.float32) for node, array in plan.inputs.items()}
    targets = {}
    for node, array in plan.targets.items():
        whole = plan.graph.nodes[node].loss.target == "class"
        targets[node] = rng.integers(0, 1000, array.shape) if whole else rng.normal(size=array.shape)
    return inputs, targets


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_it_answers_as_pytorch_does_and_takes_a_step(name, tmp_path):
    """From the same weights: our PyTorch code, and modules put together by hand, whose weights have the same names."""
    torch = pytest.importorskip("torch")
    graph = reloaded(name, tmp_path)
    plan = compile(graph, 1, optimizer=SGD())
    inputs, targets = values_for(plan)
    ours = Predictor(graph, plan.state, batch=1).outputs(inputs)["out"]
    weights = {key: torch.from_numpy(array) for key, array in plan.parameters.items()}
    with torch.no_grad():
        close(ours, in_our_torch_code(torch, graph, weights, inputs))
        close(ours, modules(torch, name, weights).eval()(*map(torch.from_numpy, inputs.values())))
    plan.load(inputs, targets)
    kept = {
        key: array.copy() for key, array in plan.parameters.items() if key in plan.gradients and array.size < 10_000
    }
    assert np.isfinite(plan.step(1e-3))
    for key, before in kept.items():
        np.testing.assert_allclose(plan.parameters[key], before - 1e-3 * plan.gradients[key], rtol=1e-5, atol=1e-7)
        assert np.isfinite(plan.gradients[key]).all()
        assert plan.gradients[key].any()


def close(ours, theirs):
    theirs = theirs.numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - {"vgg_11"}))  # which draws random numbers in training
def test_its_gradients_are_those_of_pytorch(name):
    """In double precision, as a value near a kink or two that are nearly the largest may else fall to either side."""
    torch = pytest.importorskip("torch")
    graph = NETWORKS[name][0]()
    if graph.nodes["in"].size == (3, 224, 224):  # any size will do where there is a mean over the image
        graph = graph.add("in", Input(size=(3, 96, 96)))
    plan = compile(graph, 1, dtype=np.float64)
    inputs, targets = values_for(plan)
    plan.load(inputs, targets)
    model = modules(torch, name, {key: torch.tensor(array) for key, array in plan.parameters.items()}).train()
    found = model(*(torch.from_numpy(array).double() for array in inputs.values()))
    loss = eval(plan.graph.nodes["out"].loss.torch(), {"torch": torch, "nn": torch.nn})
    theirs = loss(found, torch.from_numpy(targets["out"]))
    theirs.backward()
    assert plan.run() == pytest.approx(theirs.item(), rel=1e-9)
    gradients = {key.replace("/", "."): array for key, array in plan.gradients.items()}
    for key, parameter in model.named_parameters():
        grad = parameter.grad.numpy()
        assert np.linalg.norm(gradients[key] - grad) <= 1e-8 * np.linalg.norm(grad) + 1e-10, key


def modules(torch, name, weights):
    """Return the network as it is put together by hand, with our weights."""
    with torch.device("meta"):
        model = getattr(import_module("tests.engine.published_torch"), name)()
    state = {key.replace("/", "."): value for key, value in weights.items()}
    missing, unknown = model.load_state_dict(state, strict=False, assign=True)
    assert unknown == []
    assert all("num_batches" in key for key in missing)
    for module in model.modules():
        if hasattr(module, "num_batches_tracked"):
            module.num_batches_tracked = None  # nobody counts them
    return model


def in_our_torch_code(torch, graph, weights, inputs):
    """Evaluate the PyTorch expression of every box; return what reaches the Output."""
    flat = flatten(graph)
    shapes = infer(flat)
    values = {Port(node): torch.from_numpy(array) for node, array in inputs.items()}
    for node in flat.order:
        layer, sources = flat.nodes[node], flat.sources(node)
        if isinstance(layer, Output):
            return values[sources["x"]]
        if not isinstance(layer, Input):
            arrived = {port: values[source] for port, source in sources.items()}
            own = {key.removeprefix(f"{node}."): w for key, w in weights.items() if key.startswith(f"{node}.")}
            values[Port(node)] = evaluate(layer.torch(*shapes.inputs(flat, node)), arrived, own)
    raise AssertionError("there is no Output")


def evaluate(expression, arrived, weights):
    """Return what a PyTorch expression gives at inference for tensors by port, with our weights, which are not copied."""
    import torch

    names = {
        "torch": torch,
        "F": torch.nn.functional,
        "nn": Modules(torch, weights),
        "x": tuple(arrived.values()),
    } | arrived
    found = eval(expression, names)
    return found(*arrived.values()) if callable(found) else found


class Modules:
    """`torch.nn`, whose modules take over weights, without a copy, as they are made."""

    def __init__(self, torch, weights):
        self.torch, self.weights = torch, weights

    def __getattr__(self, name):
        def make(*args, **kwargs):
            with self.torch.device("meta"):
                module = getattr(self.torch.nn, name)(*args, **kwargs).eval()
            missing, unknown = module.load_state_dict(self.weights, strict=False, assign=True)
            assert unknown == []
            assert all("num_batches" in key for key in missing)
            return module

        return make
