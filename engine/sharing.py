"""Boxes that use the weights of another box: whose they are, and what keeps them from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from engine.arrays import Shape, describe
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer, Weight
from engine.problems import Change, Problem


def owner(graph: Graph, node: NodeId) -> NodeId:
    """Return the box whose weights a box uses: itself where it shares none. It need not be in the graph any more.

    A part that the compiler makes of a box, `box//part`, uses the weights of that box. The graph must be free of problems.
    """
    while node in graph.nodes and graph.nodes[node].learning.shares:
        node = graph.nodes[node].learning.shares
    return node.partition("//")[0]


def weight_of(graph: Graph, node: NodeId, name: str) -> tuple[NodeId, str]:
    """Return the box that has one of a box's weights, and what it calls it: one of `box//_l1` is there called `…_l1`."""
    _, _, part = node.partition("//")
    return owner(graph, node), name.removesuffix("_l0") + part if part.startswith("_l") else name


def weights(graph: Graph, node: NodeId, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
    """Return the weights of a box by PyTorch's names, each with how it learns: see `as_owners_say`."""
    return graph.nodes[node].own_weights(*inputs)


def as_owners_say(graph: Graph) -> Graph:
    """Return a graph free of problems in which each box that shares weights says how these learn, as their owner does."""
    sharing = {node: layer for node, layer in graph.nodes.items() if layer.learning.shares}
    if not sharing:
        return graph
    return Graph({**graph.nodes, **{node: _as_owner_says(graph, node) for node in sharing}}, graph.wires)


def _as_owner_says(graph: Graph, node: NodeId) -> Layer:
    layer, other = graph.nodes[node], owner(graph, node)
    own = graph.nodes.get(other)
    learning = own.learning if own and type(own) is type(layer) else layer.learning
    return layer.with_(learning=learning.with_(shares=other))


def sharing_problems(graph: Graph, shapes: Mapping[Port, Shape]) -> Iterator[Problem]:
    """Yield a problem for each box that cannot use the weights which it says it shares."""
    for node, layer in graph.nodes.items():
        lowered = type(layer).__name__ not in layer.registry or "//" in node
        if not lowered and layer.has_weights() and layer.learning.shares and (what := _wrong(graph, node, shapes)):
            alone = Change("learning", layer.learning.with_(shares=""), "Let it have weights of its own")
            yield Problem(what, node=node, fixes=(alone,))


def _wrong(graph: Graph, node: NodeId, shapes: Mapping[Port, Shape]) -> str:
    layer, other = graph.nodes[node], graph.nodes[node].learning.shares
    there = graph.nodes.get(other)
    kind = type(layer).__name__
    if there is None:
        return f"It shares the weights of {other}, which is not there. Name another {kind}, or none."
    if circle := _circle(graph, node):
        return f"These boxes share weights in a circle: {' → '.join(circle)}. Let one of them keep its own."
    if type(there).__name__ not in there.registry:
        return ""  # it is what the compiler has made of one
    if type(there) is not type(layer):
        return f"It shares the weights of {other}, which is no {kind} but {type(there).__name__}. Name another {kind}."
    ours, theirs = (_weight_shapes(graph, box, shapes) for box in (node, other))
    if ours is None or theirs is None or ours == theirs:
        return ""
    name = next(name for name in chain(ours, theirs) if ours.get(name) != theirs.get(name))
    here, over = (describe(found[name]) if name in found else "not there" for found in (ours, theirs))
    return (
        f"It shares the weights of {other}, but its {name} is {here}, and there it is {over}. "
        "Give both boxes the same settings, and inputs of the same size."
    )


def _circle(graph: Graph, node: NodeId) -> list[NodeId]:
    """Return the boxes from `node` on, each sharing the weights of the next, where they lead back to it."""
    seen = [node]
    while (layer := graph.nodes.get(seen[-1])) is not None and layer.learning.shares:
        seen.append(layer.learning.shares)
        if seen[-1] == node:
            return seen
        if seen[-1] in seen[:-1]:
            return []  # a circle further on, whose own boxes are blamed
    return []


def _weight_shapes(graph: Graph, node: NodeId, shapes: Mapping[Port, Shape]) -> dict[str, Shape] | None:
    """Return the shapes of a box's weights; None where its inputs are not known, or it has a problem of its own."""
    sources = graph.sources(node).values()
    if len(sources) < len(graph.nodes[node].ports()) or any(source not in shapes for source in sources):
        return None
    try:
        return graph.nodes[node].weight_shapes(*(shapes[source] for source in sources))
    except Exception:  # a fault in a layer must not take the window down
        return None
