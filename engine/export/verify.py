"""Proves that a model answers as the program does: the same samples through both, every box compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array, Arrays
from engine.export.network import Network
from engine.export.onnx import Model, label_name
from engine.export.session import OnnxPredictor
from engine.graph import Graph, NodeId, Port
from engine.layers.output import Output
from engine.plan.predict import Predictor
from engine.preprocessor import Fitted

TOLERANCE = 1e-4
SAMPLES = 32


@dataclass(frozen=True)
class Difference:
    """How far ONNX Runtime is from us at one box: the largest difference, in units of the box's own scale.

    The scale is the largest magnitude of our values there, or 1 where they are smaller.
    """

    box: str
    kind: str
    largest: float
    scale: float


@dataclass(frozen=True)
class Verification:
    """What was compared. `boxes` are in the order of computation, composites taken apart."""

    boxes: tuple[Difference, ...]
    samples: int
    tolerance: float = TOLERANCE

    @property
    def largest(self) -> float:
        """The largest difference at any box; infinite where values are missing or not finite."""
        return max(box.largest for box in self.boxes)

    @property
    def first_wrong(self) -> Difference | None:
        """The first box that differs by more than the tolerance; all that follow may be wrong because of it."""
        return next((box for box in self.boxes if not box.largest <= self.tolerance), None)

    @property
    def agrees(self) -> bool:
        return self.first_wrong is None


def verify(
    model: Model,
    graph: Graph,
    parameters: Mapping[str, Array],
    fitted: Mapping[NodeId, Fitted],
    feeds: Mapping[str, Array],
    inputs: Mapping[NodeId, Array],
    tolerance: float = TOLERANCE,
) -> Verification:
    """Compare a model with our own answers for the same samples, given raw (`feeds`) and prepared (`inputs`), (N, ...) each.

    A copy of the model that shows the value at every box runs on all samples at once and on each alone; the model as it
    will be written runs on all.
    """
    network = Network(graph)
    ours = _ours(network, parameters, fitted, inputs)
    kinds = {str(port): type(network.graph.nodes[port.node]).__name__ for port in model.values}
    kinds |= dict.fromkeys(network.outputs, Output.__name__)
    worst = dict.fromkeys(ours, 0.0)
    for rows, theirs in _theirs(model, network, feeds):
        for box in theirs.keys() & ours.keys():
            worst[box] = max(worst[box], difference(ours[box][rows], theirs[box], _scale(ours[box])))
        for box in network.outputs:
            if label_name(box) in theirs and not _label_stands(theirs[label_name(box)], ours[box][rows], fitted[box]):
                worst[box] = np.inf
    boxes = tuple(Difference(box, kinds[box], worst[box], _scale(ours[box])) for box in ours)
    return Verification(boxes, min(map(len, feeds.values())), tolerance)


def _ours(
    network: Network, parameters: Mapping[str, Array], fitted: Mapping[NodeId, Fitted], inputs: Mapping[NodeId, Array]
) -> Arrays:
    """Return our value at every box of the model by name, Outputs last, in the target's unit."""
    count = min(map(len, inputs.values()))
    values = Predictor(network.graph, parameters, batch=count, keep_values=True).values(inputs)
    found = {str(port): values[port] for node in network.graph.order for port in _ports(network, node)}
    for node, layer in network.outputs.items():
        answer = layer.loss.answer(values[network.graph.sources(node)["x"]])
        known = fitted.get(node, {})
        found[node] = answer * np.asarray(known["scale"]) + np.asarray(known["mean"]) if "scale" in known else answer
    return found


def _ports(network: Network, node: NodeId) -> list[Port]:
    return [Port(node, name) for name in network.graph.nodes[node].outputs]


def _theirs(model: Model, network: Network, feeds: Mapping[str, Array]) -> Iterator[tuple[slice, Arrays]]:
    """Yield rows, and ONNX Runtime's values for them by the name of the box."""
    names = {str(port): value for port, value in model.values.items()}
    count = min(map(len, feeds.values()))
    every = OnnxPredictor(_showing(model, set(names.values())))
    for rows in (slice(0, count), *(slice(row, row + 1) for row in range(count))):
        part = {name: array[rows] for name, array in feeds.items()}
        found = part | every.run(part)
        yield rows, found | {box: found[value] for box, value in names.items()}
    plain = OnnxPredictor(bytes(model))
    yield slice(0, count), plain.run({name: array[:count] for name, array in feeds.items()})


def _showing(model: Model, values: set[str]) -> bytes:
    """Return a copy of the model that has these values as outputs too."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model.proto)
    known = {item.name for item in [*copy.graph.output, *copy.graph.input]}
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(values - known))
    return copy.SerializeToString()


def _scale(ours: Array) -> float:
    return max(1.0, float(np.abs(ours).max(initial=0.0)))


def difference(ours: Array, theirs: Array, scale: float) -> float:
    """Return the largest difference in units of `scale`; infinite where shapes differ or a value is not finite."""
    if ours.shape != theirs.shape or not np.isfinite(theirs).all() or not np.isfinite(ours).all():
        return float("inf")
    return float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0)) / scale


def _label_stands(labels: Array, ours: Array, fitted: Fitted) -> bool:
    """Tell whether every label names a class that is also ours, or one that we find as likely but for the tolerance."""
    places = {str(name): place for place, name in enumerate(fitted["classes"])}
    chosen = np.vectorize(lambda name: places.get(str(name), -1), otypes=[np.intp])(labels)
    if (chosen < 0).any():
        return False
    if chosen.shape == ours.shape:
        return bool((np.where(chosen == 1, ours, 1 - ours) >= 0.5 - TOLERANCE).all())
    likely = np.take_along_axis(ours, chosen[..., None], axis=-1)[..., 0]
    return bool((likely >= ours.max(axis=-1) - TOLERANCE).all())
