"""Put in place of boxes what computes them: steps that are padding left out, stacks taken apart.

A mask is an ordinary value on an ordinary wire here, so that plans, workers and exported models need not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.arrays import Shape
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layer import Layer
from engine.learning import Learning
from engine.sharing import as_owners_say


@dataclass
class _Parts:
    """What one box is made of: see `engine.layer.Parts`."""

    node: NodeId
    shapes: tuple[Shape, ...]
    masks: tuple[Port | None, ...]
    learning: Learning
    mask: Port | None = None
    nodes: dict[NodeId, Layer] = field(default_factory=dict)
    wires: dict[Port, Port] = field(default_factory=dict)

    def add(self, part: str, layer: Layer, *inputs: Port) -> Port:
        name = f"{self.node}//{part}" if part else self.node
        self.nodes[name] = layer.with_(learning=self.learning) if layer.learning.shares else layer
        self.wires |= {Port(name, port): source for port, source in zip(layer.ports(), inputs, strict=True)}
        return Port(name)


def lowered(graph: Graph) -> Graph:
    """Return a graph without composites and problems after every box has said what computes it.

    Boxes keep their names and outputs; further parts of a box are named `box//part`.
    """
    graph = as_owners_say(graph)
    inference = infer(graph)
    if not inference.masks and not any(layer.lowers(*inference.inputs(graph, n)) for n, layer in graph.nodes.items()):
        return graph
    found: dict[NodeId, _Parts] = {}
    masks: dict[NodeId | None, Port] = {}
    for node in graph.order:
        sources = tuple(graph.sources(node).values())
        given = tuple(masks.get(inference.masks.get(source)) for source in sources)
        parts = found[node] = _Parts(node, inference.inputs(graph, node), given, graph.nodes[node].learning)
        graph.nodes[node].lower(parts, *sources)
        if parts.mask:
            masks[node] = parts.mask
    nodes = {name: layer for node in graph.nodes for name, layer in found[node].nodes.items()}
    return Graph(nodes, {end: start for parts in found.values() for end, start in parts.wires.items()})
