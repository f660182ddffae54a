"""Writes the boxes of a graph onto a sheet of ONNX operators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.arrays import Array, Shape
from engine.composite import flatten
from engine.export.sheet import Box, Sheet
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.lowering import lowered
from engine.normalised import folded
from engine.problems import UserError
from engine.sharing import owner, weight_of, weights


class Network:
    """A graph that can be exported: composites flattened, boxes that reach no Output left out.

    Raises UserError where the graph has problems or no Output.
    """

    def __init__(self, graph: Graph) -> None:
        problems = infer(graph).problems
        if problems:
            raise UserError(f"The network has a problem and cannot be exported. {problems[0]}")
        flat = lowered(flatten(graph))
        ends = [node for node, layer in flat.nodes.items() if isinstance(layer, Output)]
        if not ends:
            raise UserError("The network has no Output and cannot be exported. Add an Output and wire it.")
        self.graph = flat.remove(set(flat.nodes) - _ahead(flat, ends))
        self.shapes = infer(self.graph).shapes
        self.inputs = {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Input)}
        self.outputs = {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Output)}

    def ports(self, node: NodeId) -> dict[str, Shape]:
        """Return the shape of one sample at every port of a box."""
        layer, sources = self.graph.nodes[node], self.graph.sources(node)
        leaving = {name: self.shapes[Port(node, name)] for name in layer.outputs}
        return {port: self.shapes[source] for port, source in sources.items()} | leaving

    def write(
        self,
        sheet: Sheet,
        parameters: Mapping[str, Array],
        inputs: Mapping[NodeId, str],
        masks: Mapping[NodeId, str] = MappingProxyType({}),
    ) -> dict[Port, str]:
        """Write all boxes between the Inputs, whose values and masks `inputs` and `masks` name, and the Outputs.

        Returns the name of the value at every output port, in the order in which they are computed.
        """
        values = {Port(node): name for node, name in inputs.items()}
        values |= {Port(node, "mask"): name for node, name in masks.items()}
        for node in self.graph.order:
            layer = self.graph.nodes[node]
            if isinstance(layer, Input | Output):
                continue
            sources = self.graph.sources(node).values()
            declared = weights(self.graph, node, tuple(self.shapes[source] for source in sources))
            held = {n: folded(".".join(weight_of(self.graph, node, n)), w, parameters) for n, w in declared.items()}
            box = Box(sheet, node, self.ports(node), held, owner(self.graph, node))
            found = layer.onnx(box, *(values[source] for source in sources))
            ports = [Port(node, name) for name in layer.outputs]
            leaving = [found] if isinstance(found, str) else list(found)
            values.update(zip(ports, box.leave(leaving, [str(port) for port in ports]), strict=True))
        return values


def _ahead(graph: Graph, ends: list[NodeId]) -> set[NodeId]:
    """Return the boxes whose values or weights reach one of `ends`, and these themselves."""
    seen, waiting = set(ends), list(ends)
    while waiting:
        node = waiting.pop()
        ahead = {source.node for source in graph.sources(node).values()} | {owner(graph, node)}
        ahead -= seen
        seen |= ahead
        waiting += ahead
    return seen
