"""Habits with which a network trains, but hardly as was meant, each with a way out. They stop nobody."""

from __future__ import annotations

from collections.abc import Iterator

from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.loss import Loss
from engine.problems import Insert, Problem, Remove

OWN = {"class": "softmax", "binary": "sigmoid"}  # the layer that a loss does the work of, by what its targets are


def find_hints(graph: Graph) -> tuple[Problem, ...]:
    """Return what a teacher would ask about in a network."""
    answers = any(not graph.nodes[end.node].outputs for end in graph.wires if end.node in graph.nodes)
    return tuple(hint for node, layer in graph.nodes.items() for hint in _hints(graph, node, layer, answers))


def _hints(graph: Graph, node: NodeId, layer: Layer, answers: bool) -> Iterator[Problem]:
    loss = getattr(layer, "loss", None)
    if isinstance(loss, Loss):
        yield from _before_output(graph, node, loss, bool(getattr(layer, "standardise", False)))
    if layer.straight == "weighs":
        yield from _straight(graph, node)
    if answers and layer.outputs and not any(graph.readers.get(Port(node, name)) for name in layer.outputs):
        what = "Nothing reads what it gives, so it takes no part in the answer and learns nothing."
        fixes = (Remove(node, f"Delete {node}"),)
        yield Problem(what, "Wire it on, or delete it.", node=node, fixes=fixes, stops=False)


def _before_output(graph: Graph, node: NodeId, loss: Loss, standardised: bool) -> Iterator[Problem]:
    source = graph.wires.get(Port(node, "x"))
    before = graph.nodes.get(source.node) if source else None
    if source is None or before is None:
        return
    kind, name, own = type(before).__name__, type(loss).__name__, OWN.get(loss.target, "")
    if kind.lower() == own:
        what = f"{name} takes the {own} itself, so behind a {kind} it is taken twice: the network learns slowly."
        yield _hint(what, "Without it the answers are the probabilities all the same.", source.node)
    elif own and before.never_negative:
        what = f"{name} takes scores of any size, but {kind} gives none below 0."
        yield _hint(what, "The scores of classes that are unlikely should be free to fall.", source.node)
    elif standardised and (loss.target, loss.values) == ("value", "any") and before.never_negative:
        what = f"The targets are standardised, so about half of them lie below 0, where {kind} gives nothing."
        yield _hint(what, "It can only be right about the others.", source.node)
    elif kind == "Dropout":
        what = "This Dropout takes away answers, not what leads to them."
        yield _hint(what, "Put it before the last layer with weights.", source.node)


def _hint(what: str, why: str, node: NodeId) -> Problem:
    return Problem(what, why, node=node, fixes=(Remove(node),), stops=False)


def _straight(graph: Graph, node: NodeId) -> Iterator[Problem]:
    """Report a box that weighs sums of sums: nothing between it and the one before it bends a value."""
    source, passed = graph.wires.get(Port(node, "x")), {node}
    while source and source.node not in passed and _passes(graph.nodes.get(source.node)):
        passed.add(source.node)
        source = graph.wires.get(Port(source.node, "x"))
    before = graph.nodes.get(source.node) if source and source.node not in passed else None
    if source and before and before.straight == "weighs":
        what = f"No activation lies between {source.node} and {node}: both together can do no more than one alone."
        fixes = (Insert("ReLU"),)
        yield Problem(what, "Only what bends values lets depth count.", node=node, port="x", fixes=fixes, stops=False)


def _passes(layer: Layer | None) -> bool:
    return layer is not None and (layer.idle or layer.straight == "passes")
