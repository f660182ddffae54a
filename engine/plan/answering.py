"""What a graph becomes where it only answers: boxes that do nothing then are gone, normalisations lie in the weights before.

A normalisation by running means is y · factor + offset for each unit, so a layer before it that multiplies by weights of its
units can have that in them: what it computes with is made of what is learned, once for many samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layer import Weight
from engine.layers.batch_norm import BatchNorm
from engine.normalised import rule_of
from engine.plan.program import ONCE, ArraySpec, Call, Key, Program
from engine.sharing import weight_of, weights

ARRAYS = ("weight", "bias", "running_mean", "running_var")  # of a BatchNorm


@dataclass(frozen=True)
class Folded:
    """What the weights of a box are made of that hold the normalisation behind it. `units` is the axis of its units."""

    units: int
    weight: Key
    bias: Key | None
    norm: tuple[Key, ...]  # as in ARRAYS
    epsilon: float


def answering(graph: Graph) -> tuple[Graph, dict[NodeId, Folded]]:
    """Return a graph that answers as this one does, which has no composites and no problems, and the boxes folded in it."""
    for node, layer in graph.nodes.items():
        if layer.idle:
            graph = _bypassed(graph, node)
    inference, found = infer(graph), dict[NodeId, Folded]()
    for norm, layer in graph.nodes.items():
        before = _alone_before(graph, norm) if isinstance(layer, BatchNorm) else None
        if before and (fold := _folded(graph, before, norm, weights(graph, before, inference.inputs(graph, before)))):
            found[before] = fold
            graph = _bypassed(graph.add(before, graph.nodes[before].with_(use_bias=True)), norm)
    return graph, found


def _bypassed(graph: Graph, node: NodeId) -> Graph:
    """Return the graph without a box of one input and one output: whoever read it reads what it read."""
    (source,) = graph.sources(node).values()
    wires = {end: source if start.node == node else start for end, start in graph.wires.items() if end.node != node}
    return Graph({name: layer for name, layer in graph.nodes.items() if name != node}, wires)


def _alone_before(graph: Graph, node: NodeId) -> NodeId | None:
    """Return the box before `node`, where `node` is its only reader."""
    (source,) = graph.sources(node).values()
    return source.node if graph.readers[source] == (Port(node, "x"),) else None


def _folded(graph: Graph, node: NodeId, norm: NodeId, own: Mapping[str, Weight]) -> Folded | None:
    """Return how a box can take the normalisation behind it in; None where it has no weights of units, and so cannot."""
    layer, weight = graph.nodes[node], own.get("weight")
    if weight is None or weight.units is None or "use_bias" not in layer.params() or own.keys() - {"weight", "bias"}:
        return None
    if any(rule_of(each) for each in own.values()):
        return None  # is made of what is learned already
    keys = {name: Key("weight", *weight_of(graph, node, name)) for name in own}
    epsilon = graph.nodes[norm].epsilon  # type: ignore[attr-defined]
    arrays = tuple(Key("weight", *weight_of(graph, norm, name)) for name in ARRAYS)
    return Folded(weight.units, keys["weight"], keys.get("bias"), arrays, epsilon)


def write_fold(program: Program, node: NodeId, fold: Folded, made: Mapping[str, Weight], dtype: str) -> None:
    """Write the call that makes the weights of a folded box, as `made` declares them."""
    out = tuple(Key("made", node, name) for name in ("weight", "bias"))
    for key in out:
        weight = made[key.name]
        program.arrays[key] = ArraySpec(weight.shape, dtype, pinned=True, memory=weight.memory)
    arguments = (fold.units, fold.epsilon, fold.weight, fold.bias, *fold.norm, *out)
    program.calls.append(Call(node, ONCE, _fold, arguments, out))


def _fold(
    units: int,
    epsilon: float,
    weight: Array,
    bias: Array | None,
    scale: Array,
    shift: Array,
    mean: Array,
    variance: Array,
    out_weight: Array,
    out_bias: Array,
) -> None:
    """Write weight · f and shift + (bias - mean) · f, where f = scale / √(variance + epsilon)."""
    factor = scale / np.sqrt(variance + epsilon)
    np.multiply(np.moveaxis(weight, units, -1), factor, np.moveaxis(out_weight, units, -1))
    np.subtract(0 if bias is None else bias, mean, out_bias)
    np.multiply(out_bias, factor, out_bias)
    np.add(out_bias, shift, out_bias)
