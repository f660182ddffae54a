"""Which values of small networks lie samples last in memory.

Small products cost hardly more than their calls. Where the values (N, F) of a batch lie as (F, N), a feature of ones is one
more row behind them: weight and bias, which lie one behind the other, are then one matrix, and so are their gradients.
"""

from __future__ import annotations

from engine.graph import Graph, NodeId, Port
from engine.infer import Inference
from engine.layer import Layer, needs
from engine.layers.input import Input

MOST = 1 << 19  # multiply-adds of a product from some features to as many: with more it takes longer, by up to a tenth


def samples_last(graph: Graph, inference: Inference, batch: int) -> frozenset[Port]:
    """Return the outputs of boxes whose values, and the gradients of these, lie samples last.

    All boxes that write and read them can deal with that.
    """
    vectors = {port for port, shape in inference.shapes.items() if len(shape) == 1 and _is_small(*shape, batch)}
    found = set[Port]()
    while found != vectors:
        found = vectors
        vectors = {port for port in found if all(_suits(graph, inference, node, found) for node in _boxes(graph, port))}
    return frozenset(found)


def _is_small(features: int, batch: int) -> bool:
    return batch * features**2 <= MOST


def reads_ones(layer: Layer, port: str) -> bool:
    """Tell whether a layer can make use of a feature of ones behind the values at a port: it multiplies by matrices."""
    return f"augmented_{port}" in needs(type(layer), "forward")


def takes_each_value(layer: Layer) -> bool:
    """Tell whether a layer works on each value by itself, so that it does not matter where that lies."""
    return layer.apart == "value" and not layer.has_weights()


def _boxes(graph: Graph, port: Port) -> list[NodeId]:
    """Return the box that writes the values of a port, and those that read them."""
    return [port.node, *(end.node for end in graph.readers.get(port, ()))]


def _suits(graph: Graph, inference: Inference, node: NodeId, found: set[Port]) -> bool:
    """Tell whether a box can deal with the ports `found` around it."""
    layer, sources = graph.nodes[node], graph.sources(node)
    if any(reads_ones(layer, port) for port in sources):
        # Each may lie as it likes, but a product is slow where only its result lies so.
        return Port(node) not in found or found.issuperset(sources.values())
    around = {Port(node), *sources.values()}
    alike = around <= found and len({inference.shapes[port] for port in around}) == 1
    return alike and (takes_each_value(layer) or isinstance(layer, Input))
