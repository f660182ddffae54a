"""Writes a trained network as an ONNX model that takes raw data and gives answers in the data's own terms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arrays import Array, Shape
from engine.export.network import Network
from engine.export.sheet import Box, Sheet
from engine.graph import Graph, NodeId, Port
from engine.layers.input import Input, PaddedInput
from engine.layers.output import Output
from engine.preprocessor import Feed, Fitted
from engine.problems import UserError
from engine.project.run import program_version

if TYPE_CHECKING:
    from onnx import ModelProto

IR_VERSIONS = {17: 8, 18: 8, 19: 9, 20: 9}  # the oldest format of each opset, so that old runtimes can read it
OPSET = 20
LARGEST = 2_000_000_000  # bytes: what protobuf can write, but for a little room
METADATA = "netwright"  # the entry of the model's metadata that describes it, in JSON
TYPES = {"float32": 1, "int64": 7, "string": 8}  # ONNX's numbers of types


@dataclass(frozen=True, eq=False)
class Model:
    """An ONNX model; `values` names the value inside it that leaves each box, in the order of computation."""

    proto: ModelProto
    values: Mapping[Port, str]

    def __bytes__(self) -> bytes:
        return bytes(self.proto.SerializeToString())

    @property
    def about(self) -> dict[str, Any]:
        """What the model says of itself, as plain JSON values."""
        found: dict[str, Any] = json.loads(next(p.value for p in self.proto.metadata_props if p.key == METADATA))
        return found

    def note(self, notes: Mapping[str, Any]) -> None:
        """Add to what the model says of itself."""
        from onnx import helper

        about = self.about | dict(notes)
        helper.set_model_props(self.proto, {METADATA: json.dumps(about, sort_keys=True)})


def build(
    graph: Graph,
    parameters: Mapping[str, Array],
    fitted: Mapping[NodeId, Fitted],
    *,
    opset: int = OPSET,
) -> Model:
    """Return the model of a trained network, checked by onnx but not yet verified.

    `parameters` are a run's, by "box.weight"; `fitted` is what its preprocessing and targets have learnt. Inputs, outputs,
    classes and vocabularies are described in the model's metadata. Raises UserError where the network cannot be exported.
    """
    if opset not in IR_VERSIONS:
        raise UserError(f"Models are written at operator set {min(IR_VERSIONS)} to {max(IR_VERSIONS)}, not {opset}.")
    network, sheet = Network(graph), Sheet(opset)
    entering = {node: feeds(node, layer, fitted[node]) for node, layer in network.inputs.items()}
    sheet.names.update(feed.name for group in entering.values() for feed in group.values())
    sheet.names.update(name for node in network.outputs for name in (node, label_name(node)))
    prepared = {
        node: _prepare(sheet, node, layer, fitted[node], entering[node]) for node, layer in network.inputs.items()
    }
    masks = {
        node: _mask(sheet, node, layer, prepared[node], entering[node])
        for node, layer in network.inputs.items()
        if isinstance(layer, PaddedInput)
    }
    values = network.write(sheet, parameters, prepared, masks)
    leaving = [
        feed
        for node, layer in network.outputs.items()
        for feed in _answer(sheet, network, node, layer, values, fitted.get(node, {}))
    ]
    flat = [feed for group in entering.values() for feed in group.values()]
    return Model(assemble(sheet, flat, leaving, _about(network, entering, fitted)), values)


def feeds(node: NodeId, layer: Input, fitted: Fitted) -> dict[str, Feed]:
    """Return the tensors that an Input becomes, by what its preprocessing calls them.

    Its numbers, images or tokens are named as the box, a column of categories or dates is `box.column`.
    """
    wanted = layer.preprocessing.feeds(fitted)
    return {f.name: replace(f, name=f"{node}.{f.name}" if f.column else node) for f in wanted}


def label_name(node: NodeId) -> str:
    """Return the name of the output that says an Output's likeliest class."""
    return f"{node}_label"


def _prepare(sheet: Sheet, node: NodeId, layer: Input, fitted: Fitted, entering: Mapping[str, Feed]) -> str:
    """Write the preprocessing of an Input; return the name of what it hands to the network."""
    box = Box(sheet, node, {"y": layer.size}, {})
    value = layer.preprocessing.onnx(box, {name: feed.name for name, feed in entering.items()}, fitted)
    return box.leave([value], [f"{node}/prepared"])[0]


def _mask(sheet: Sheet, node: NodeId, layer: PaddedInput, value: str, entering: Mapping[str, Feed]) -> str:
    """Write which steps of an Input are no padding; return the name of the mask."""
    box = Box(sheet, node, {"y": layer.size}, {})
    raw = next((feed.name for feed in entering.values() if feed.dtype == "float32"), value)
    return box.leave([layer.onnx_mask(box, raw)], [f"{node}/mask"])[0]


def _answer(
    sheet: Sheet, network: Network, node: NodeId, layer: Output, values: Mapping[Port, str], fitted: Fitted
) -> list[Feed]:
    """Write what an Output says at inference: probabilities and the label, or numbers in the target's unit."""
    shape = network.ports(node)["x"]
    box = Box(sheet, node, {"x": shape}, {})
    answer = layer.loss.onnx(box, values[network.graph.sources(node)["x"]])
    if "scale" in fitted:
        answer = box.op("Mul", answer, box.constant(np.asarray(fitted["scale"], np.float32)))
        answer = box.op("Add", answer, box.constant(np.asarray(fitted["mean"], np.float32)))
    leaving = [Feed(node, "float32", shape)]
    if fitted.get("classes"):
        label, left = _label(box, answer, layer, shape, [str(name) for name in fitted["classes"]])
        leaving.append(Feed(box.deliver(label, label_name(node)), "string", left))
    box.deliver(answer, node)
    return leaving


def _label(box: Box, answer: str, layer: Output, shape: Shape, classes: list[str]) -> tuple[str, Shape]:
    """Write the name of the likeliest class; return it and its shape."""
    if layer.loss.target == "class":
        number, left = box.op("ArgMax", answer, axis=-1, keepdims=0), shape[:-1]
    else:
        yes = box.op("Greater", answer, box.constant(np.float32(0.5)))
        number, left = box.op("Cast", yes, to=TYPES["int64"]), shape
    return box.op("Gather", box.constant(classes), number, axis=0), left


def _about(network: Network, entering: Mapping[NodeId, Mapping[str, Feed]], fitted: Mapping[NodeId, Fitted]) -> Any:
    """Return what a person or a program must know to use the model, as plain JSON values."""
    inputs = {
        node: {
            "columns": list(layer.columns),
            "tensors": {
                feed.name: {"type": feed.dtype, "shape": feed.shape, "columns": _read(name, layer, fitted[node])}
                for name, feed in entering[node].items()
            },
            "preprocessing": layer.preprocessing.to_dict(),
            **layer.preprocessing.told(),
            **{key: fitted[node][key] for key in ("vocabulary", "categories", "dates") if key in fitted[node]},
        }
        for node, layer in network.inputs.items()
    }
    outputs = {
        node: {
            "target": layer.target,
            "kind": layer.loss.target,
            **{key: fitted[node][key] for key in ("classes", "alphabet") if key in fitted.get(node, {})},
        }
        for node, layer in network.outputs.items()
    }
    return {"inputs": inputs, "outputs": outputs, "version": program_version()}


def _read(feed: str, layer: Input, fitted: Fitted) -> list[str]:
    """Return the columns that a tensor holds, in their order; of one column the tensor has its name."""
    kinds = dict(fitted.get("columns", ()))
    apart = [name for name in layer.columns if kinds.get(name) in ("category", "date")]
    return [feed] if feed in apart else [name for name in layer.columns if name not in apart]


def assemble(sheet: Sheet, entering: Iterable[Feed], leaving: Iterable[Feed], about: Mapping[str, Any]) -> ModelProto:
    """Return the model of everything on the sheet, checked by onnx; raise UserError where it is too large for a file.

    Raises onnx.checker.ValidationError or onnx.shape_inference.InferenceError where a layer has described itself wrongly.
    """
    import onnx
    from onnx import helper, numpy_helper

    size = sum(array.nbytes for array in sheet.arrays.values())
    if size > LARGEST:
        raise UserError(
            f"The weights take {size:,} bytes, but one ONNX file holds at most {LARGEST:,}. Use smaller layers."
        )

    def info(feed: Feed) -> Any:
        return helper.make_tensor_value_info(feed.name, TYPES[feed.dtype], ("batch", *feed.shape))

    body = helper.make_graph(
        [helper.make_node(o.kind, o.inputs, o.outputs, name=o.name, **o.attributes) for o in sheet.operators],
        "network",
        [info(feed) for feed in entering],
        [info(feed) for feed in leaving],
        [numpy_helper.from_array(array, name) for name, array in sheet.arrays.items()],
    )
    opset = helper.make_opsetid("", sheet.opset)
    model = helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSIONS[sheet.opset])
    model.producer_name, model.producer_version = "netwright", program_version()
    helper.set_model_props(model, {METADATA: json.dumps(about, sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return model
