"""Every layer and every loss, exported from its own examples, against ONNX Runtime."""

import numpy as np
import pytest

import engine.catalog  # noqa: F401  (declares every layer)
from engine.export.network import Network
from engine.export.onnx import assemble
from engine.export.session import OnnxPredictor
from engine.export.sheet import Box, Sheet
from engine.export.verify import difference
from engine.graph import Graph, Port
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.learning import Learning
from engine.loss import Loss
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters
from engine.preprocessor import Feed
from tests.engine.drawn_graphs import draw

OPSETS = (17, 20)


def _layer_cases():
    for name, kind in sorted(Layer.registry.items()):
        if name == "Missing" or kind.outputs == () or not kind().ports():
            continue
        for number, example in enumerate(kind.examples()):
            yield pytest.param(example, id=f"{name}-{number}")


def _graph(example):
    """Inputs, the layer, and an Output for each of its outputs."""
    graph = Graph()
    for port, size in zip(example.layer.ports(), example.inputs, strict=True):
        graph = graph.add(f"in_{port}", Input(size=size))
    graph = graph.add("box", example.layer, *(f"in_{port}" for port in example.layer.ports()))
    for name in example.layer.outputs:
        graph = graph.add(f"out_{name}", Output(loss=MeanSquaredError()), Port("box", name))
    return graph


def _samples(example, count):
    rng = np.random.default_rng(count)
    for size in example.inputs:
        if example.integers:
            yield rng.integers(0, example.integers, (count, *size)).astype(np.float32)
        else:
            yield rng.standard_normal((count, *size)).astype(np.float32)


def _parameters(graph):
    """Drawn weights, every one moved a little, so that a forgotten bias or running mean shows."""
    rng = np.random.default_rng(7)
    return {
        name: (array + rng.uniform(0.05, 0.5, array.shape)).astype(np.float32)
        for name, array in draw_parameters(graph, 3).items()
    }


def _model(graph, parameters, opset):
    """The boxes without preprocessing, every value between Inputs and Outputs as an output of the model."""
    network, sheet = Network(graph), Sheet(opset)
    sheet.names.update(network.inputs)
    values = network.write(sheet, parameters, {node: node for node in network.inputs})
    for port, value in values.items():
        if port.node in network.inputs:
            continue
        Box(sheet, f"shown {port}", {}, {}).deliver(value, f"shown {port}")
    entering = [Feed(node, "float32", layer.size) for node, layer in network.inputs.items()]
    leaving = [Feed(f"shown {p}", "float32", network.shapes[p]) for p in values if p.node not in network.inputs]
    return network, assemble(sheet, entering, leaving, {})


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("example", [*_layer_cases()])
def test_a_layer_answers_alike_in_onnx_runtime(example, opset, witness):
    graph = _graph(example)
    parameters = _parameters(graph)
    network, proto = _model(graph, parameters, opset)
    assert {item.domain for item in proto.opset_import} == {""}
    assert proto.opset_import[0].version == opset
    predictor = OnnxPredictor(proto.SerializeToString())
    for count in (1, 3):
        feeds = dict(zip(network.inputs, _samples(example, count), strict=True))
        ours = Predictor(graph, parameters, batch=count, keep_values=True).values(feeds)
        for name, theirs in predictor.run(feeds).items():
            port = next(p for p in ours if f"shown {p}" == name)
            witness.alike(type(example.layer), "ONNX Runtime", "answers in float32", ours[port], theirs, 1e-5)


GRAPHS = [(seed, opset) for seed in range(12) for opset in OPSETS]
MORE_GRAPHS = [pytest.param(seed, OPSETS[seed % 2], marks=pytest.mark.slow) for seed in range(12, 500)]


@pytest.mark.parametrize(("seed", "opset"), [*GRAPHS, *MORE_GRAPHS])
def test_a_random_graph_answers_alike_in_onnx_runtime(seed, opset):
    graph = draw(seed)
    parameters = draw_parameters(graph, seed)
    network, proto = _model(graph, parameters, opset)
    rng = np.random.default_rng(seed)
    feeds = {node: rng.standard_normal((2, *box.size)).astype(np.float32) for node, box in network.inputs.items()}
    found = OnnxPredictor(proto.SerializeToString()).run(feeds)
    ours, exact = (
        Predictor(network.graph, parameters, batch=2, keep_values=True, dtype=dtype).values(feeds)
        for dtype in (np.float32, np.float64)
    )
    for port, value in ours.items():
        if port.node not in network.inputs:
            scale = max(1.0, float(np.abs(value).max()))
            rounding = difference(value, exact[port], scale)  # much, behind a normalisation of nearly equal values
            assert difference(value, found[f"shown {port}"], scale) < 1e-5 + 4 * rounding, port


def _shared(example):
    """The layer in two boxes, the second with the weights of the first."""
    graph = _graph(example)
    layer = example.layer.with_(learning=Learning(shares="box"))
    graph = graph.add("again", layer, *graph.sources("box").values())
    for name in example.layer.outputs:
        graph = graph.add(f"more_{name}", Output(loss=MeanSquaredError()), Port("again", name))
    return graph


@pytest.mark.parametrize("example", [case for case in _layer_cases() if case.values[0].layer.has_weights()])
def test_shared_weights_are_in_the_model_once(example):
    alone, shared = _graph(example), _shared(example)
    parameters = _parameters(shared)
    models = (_model(graph, parameters, 20)[1] for graph in (alone, shared))
    held = [sum(len(a.raw_data) for a in m.graph.initializer if a.data_type == 1 and a.dims) for m in models]
    assert held[0] == held[1]
    network, proto = _model(shared, parameters, 20)
    feeds = dict(zip(network.inputs, _samples(example, 2), strict=True))
    found = OnnxPredictor(proto.SerializeToString()).run(feeds)
    for name in example.layer.outputs:
        ours, theirs = (found.get(f"shown {Port(box, name)}") for box in ("box", "again"))
        np.testing.assert_array_equal(ours, theirs)


def _loss_cases():
    for name, kind in sorted(Loss.registry.items()):
        for number, (loss, shape) in enumerate(kind.examples()):
            yield pytest.param(loss, shape, id=f"{name}-{number}")


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize(("loss", "shape"), [*_loss_cases()])
def test_the_answer_of_a_loss_is_alike_in_onnx_runtime(loss, shape, opset, witness):
    sheet = Sheet(opset)
    sheet.names.update(("x", "y"))
    box = Box(sheet, "out", {"x": shape}, {})
    box.deliver(loss.onnx(box, "x"), "y")
    proto = assemble(sheet, [Feed("x", "float32", shape)], [Feed("y", "float32", shape)], {})
    x = np.random.default_rng(1).standard_normal((3, *shape)).astype(np.float32) * 5
    theirs = OnnxPredictor(proto.SerializeToString()).run({"x": x})["y"]
    for kind in (type(loss), Output):
        witness.alike(kind, "ONNX Runtime", "answers in float32", loss.answer(x), theirs, 1e-5)
