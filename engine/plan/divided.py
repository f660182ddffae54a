"""Layers whose units several workers divide: each computes some of them, for the samples of all.

Usually each worker computes everything for its own samples. A layer that goes through a series step by step then reads all
its weights at each step for a few samples only, and the weights of a large one do not fit the cache. Where its units are
divided, each worker reads a part of the weights, which may fit, and does so for more samples. In return all meet at each
step, to see the states of the others. Each worker writes the gradients of its own units' weights where those of all come
together, so that nothing is added up.
"""

from __future__ import annotations

from engine.graph import Graph, NodeId
from engine.infer import Inference
from engine.layers.divided import part_of
from engine.normalised import rule_of
from engine.sharing import weight_of, weights


def divided(graph: Graph, inference: Inference, samples: int, rank: int, count: int) -> Graph:
    """Return the graph as one of `count` workers computes it, in steps of so many samples in all."""
    nodes = dict(graph.nodes)
    for node, layer in graph.nodes.items():
        inputs = inference.inputs(graph, node)
        part = part_of(layer, samples, rank, count, *inputs)
        if part and _alone(graph, inference, node):
            nodes[node] = part
    return Graph(nodes, dict(graph.wires))


def _alone(graph: Graph, inference: Inference, node: NodeId) -> bool:
    """Tell whether nobody else writes to the gradients of a box's weights."""
    own = weights(graph, node, inference.inputs(graph, node))
    used = [weight_of(graph, other, name) for other in graph.nodes for name in own]
    return all(used.count(weight_of(graph, node, name)) == 1 and not rule_of(weight) for name, weight in own.items())
