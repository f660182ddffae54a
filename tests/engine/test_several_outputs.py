"""Several inputs and several outputs whose losses count differently, against PyTorch."""

import numpy as np
import pytest

from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.layers.concatenate import Concatenate
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.tanh import Tanh
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.training.evaluate import evaluate

WEIGHTS = {"kind": 0.7, "size": 2.5, "flags": 0.0}


def network():
    graph = Graph().add("left", Input(size=(3,))).add("right", Input(size=(2,)))
    graph = graph.add("both", Concatenate(), "left", "right").add("hidden", Dense(units=6), "both")
    graph = graph.add("tanh", Tanh(), "hidden")
    losses = {"kind": None, "size": MeanSquaredError(), "flags": BinaryCrossEntropy()}
    for name, units in (("kind", 4), ("size", 1), ("flags", 2)):
        output = Output(weight=WEIGHTS[name], **({"loss": losses[name]} if losses[name] else {}))
        graph = graph.add(f"to_{name}", Dense(units=units), "tanh").add(name, output, f"to_{name}")
    return graph


def batch(rng, size=5):
    inputs = {"left": rng.normal(size=(size, 3)), "right": rng.normal(size=(size, 2))}
    targets = {"kind": rng.integers(0, 4, size), "size": rng.normal(size=(size, 1))}
    return inputs, targets | {"flags": rng.integers(0, 2, (size, 2)).astype(float)}


@pytest.mark.oracle
@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_steps_as_pytorch(workers):
    import torch
    from torch.nn import functional

    plan = compile(network(), 5, optimizer=Adam(), dtype=np.float64, workers=workers)
    layers = {n: torch.nn.Linear(i, o).double() for n, i, o in (("hidden", 5, 6), ("to_kind", 6, 4), ("to_size", 6, 1))}
    layers["to_flags"] = torch.nn.Linear(6, 2).double()
    for name, layer in layers.items():
        for part, weight in layer.named_parameters():
            weight.data = torch.tensor(np.array(plan.parameters[f"{name}.{part}"]))
    optimizer = torch.optim.Adam([p for layer in layers.values() for p in layer.parameters()], lr=0.01)
    rng = np.random.default_rng(0)
    for _ in range(50):
        inputs, targets = batch(rng)
        plan.load(inputs, targets)
        ours = plan.step(0.01)
        x = torch.tanh(layers["hidden"](torch.tensor(np.concatenate([inputs["left"], inputs["right"]], axis=1))))
        y, said = {n: torch.tensor(t) for n, t in targets.items()}, {n: layers[f"to_{n}"](x) for n in targets}
        loss = WEIGHTS["kind"] * functional.cross_entropy(said["kind"], y["kind"])
        loss = loss + WEIGHTS["size"] * functional.mse_loss(said["size"], y["size"])
        loss = loss + WEIGHTS["flags"] * functional.binary_cross_entropy_with_logits(said["flags"], y["flags"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert ours == pytest.approx(loss.item(), rel=1e-8)
    plan.close()
    for name, array in plan.parameters.items():
        box, part = name.split(".")
        np.testing.assert_allclose(array, layers[box].get_parameter(part).detach().numpy(), rtol=1e-6, atol=1e-12)


def test_validation_counts_the_same_weights():
    plan = compile(network(), 5)
    inputs, targets = batch(np.random.default_rng(1))
    single = {node: array.astype(np.float32) for node, array in inputs.items()}
    wanted = {node: t if t.dtype.kind == "i" else t.astype(np.float32) for node, t in targets.items()}
    plan.load(single, wanted)
    fitted = {
        "kind": {"classes": list("abcd")},
        "flags": {"classes": ["no", "yes"]},
        "size": {"mean": 0.0, "scale": 1.0},
    }
    rows = np.arange(5)
    samples = Prepared(single, wanted, rows, rows, fitted, rows)
    assert evaluate(network(), plan.state.parameters, samples).loss == pytest.approx(plan.run(), rel=1e-5)
