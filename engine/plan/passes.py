"""Passes over a graph before its program is written: each returns a graph that computes the same with less work.

Boxes keep their names, and so do weights. A pass looks only at what layers say about themselves.
"""

from __future__ import annotations

from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layer import Layer
from engine.layers.depthwise_conv2d import DepthwiseConv2D
from engine.layers.pooled_conv2d import PooledConv2D
from engine.layers.winograd_conv2d import WinogradConv2D
from engine.layers.winograd_conv3d import WinogradConv3D
from engine.lowering import lowered


def improved(graph: Graph) -> Graph:
    """Return a graph without composites and problems after all passes."""
    return passed(lowered(graph))


def passed(graph: Graph) -> Graph:
    """Return a graph that is lowered after all passes."""
    for improve in PASSES:
        graph = improve(graph)
    return graph


def select_first(graph: Graph) -> Graph:
    """Let a layer that selects the largest values come before an activation that keeps their order.

    max(relu(x)) = relu(max(x)), and so on; the activation is then left with fewer values, a quarter after a common pooling.
    """
    for node, layer in graph.nodes.items():
        while layer.selects_largest and (activation := _only_source(graph, node)):
            if not graph.nodes[activation].monotone:
                break
            graph = _swapped(graph, activation, node)
    return graph


def _only_source(graph: Graph, node: NodeId) -> NodeId | None:
    """Return the box before `node`, where `node` is its only reader."""
    (source,) = graph.sources(node).values()
    alone = graph.readers[source] == (Port(node, "x"),)
    return source.node if alone and len(graph.nodes[source.node].outputs) == 1 else None


def _swapped(graph: Graph, first: NodeId, second: NodeId) -> Graph:
    """Return the graph with two neighbours in a row exchanged; each has one input x and one output."""
    wires = dict(graph.wires)
    wires[Port(second, "x")] = graph.sources(first)["x"]
    wires[Port(first, "x")] = Port(second)
    wires |= dict.fromkeys(graph.readers.get(Port(second), ()), Port(first))
    return Graph(graph.nodes, wires)


def pool_in_convolution(graph: Graph) -> Graph:
    """Let a convolution and the pooling behind it, where nobody else reads between them, be one box: the former."""
    inference = infer(graph)
    for node, layer in list(graph.nodes.items()):
        if layer.selects_largest and (before := _only_source(graph, node)):
            fused = PooledConv2D.of(graph.nodes[before], layer, *inference.inputs(graph, before))
            graph = _joined(graph, before, node, fused) if fused else graph
    return graph


def _joined(graph: Graph, first: NodeId, second: NodeId, layer: Layer) -> Graph:
    """Return the graph with `layer` in place of two neighbours in a row, under the name of the first."""
    layer = layer.with_(learning=graph.nodes[first].learning)
    nodes = {node: layer if node == first else kept for node, kept in graph.nodes.items() if node != second}
    wires = {end: start for end, start in graph.wires.items() if end.node != second}
    wires |= dict.fromkeys(graph.readers.get(Port(second), ()), Port(first))
    return Graph(nodes, wires)


def multiply_less(graph: Graph) -> Graph:
    """Let convolutions be computed channel by channel, or by minimal filtering, where that pays."""
    inference, nodes = infer(graph), dict(graph.nodes)
    for node, layer in graph.nodes.items():
        inputs = inference.inputs(graph, node)
        for kind in (DepthwiseConv2D, WinogradConv2D, WinogradConv3D):
            if fewer := kind.of(layer, *inputs):
                nodes[node] = fewer.with_(learning=layer.learning)
                break
    return Graph(nodes, dict(graph.wires))


PASSES = (select_first, pool_in_convolution, multiply_less)
