"""The box that decides how many values reach an Output."""

from __future__ import annotations

from engine.graph import Graph, NodeId, Port
from engine.layer import Layer, ShapeError
from engine.layers.dense import Dense

ANY = 8  # values, to see whether a box leaves their number as it is


def head_of(graph: Graph, output: NodeId) -> NodeId | None:
    """Return the Dense before an Output, also where only boxes that keep the number of values lie between them."""
    source, passed = graph.wires.get(Port(output, "x")), {output}
    while source and source.node in graph.nodes and source.node not in passed:
        layer = graph.nodes[source.node]
        if isinstance(layer, Dense):
            return source.node
        passed.add(source.node)
        source = graph.wires.get(Port(source.node, "x")) if _keeps(layer) else None
    return None


def _keeps(layer: Layer) -> bool:
    try:
        return layer.category in ("Activation", "Regularisation") and bool(layer.shape((ANY,)) == (ANY,))
    except ShapeError:
        return False
