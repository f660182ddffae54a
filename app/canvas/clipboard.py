"""Boxes as text: what copying puts on the clipboard and what pasting reads from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.edits import Edit
from app.sizes import STEP, snap
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.problems import UserError
from engine.project.project import Place, Project

MARK = "netwright boxes 1"
LARGEST = 4_000_000  # characters
FOREIGN = "The clipboard holds no boxes. Copy boxes on the canvas first."


def to_text(project: Project, nodes: frozenset[NodeId]) -> str:
    """Return boxes, the wires between them and their places as JSON."""
    graph = project.graph
    chosen = [n for n in graph.nodes if n in nodes]
    wires = [[*end, *start] for end, start in graph.wires.items() if {end.node, start.node} <= nodes]
    boxes = {n: graph.nodes[n].to_dict() for n in chosen}
    places = {n: project.places.get(n, (0.0, 0.0)) for n in chosen}
    return json.dumps({"what": MARK, "boxes": boxes, "wires": wires, "places": places}, ensure_ascii=False, indent=1)


def from_text(text: str) -> Project:
    """Return the boxes that a text describes, as a small project; raise UserError where it describes none."""
    try:
        if len(text) > LARGEST:
            raise ValueError
        raw = json.loads(text)
        if raw["what"] != MARK:
            raise ValueError
        return _read(raw)
    except UserError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(FOREIGN) from None


def _read(raw: Mapping[str, Any]) -> Project:
    nodes = {_text(n): Layer.from_dict(box) for n, box in raw["boxes"].items()}
    wires = {Port(_text(a), _text(b)): Port(_text(c), _text(d)) for a, b, c, d in raw["wires"]}
    known = {end: start for end, start in wires.items() if {end.node, start.node} <= nodes.keys()}
    places = {n: (_number(raw["places"][n][0]), _number(raw["places"][n][1])) for n in nodes}
    if not nodes:
        raise ValueError
    return Project(graph=Graph(nodes, known), places=places)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 60 or "/" in value:
        raise ValueError
    return value


def _number(value: Any) -> float:
    number = float(value)
    if not abs(number) < 1e7:
        raise ValueError
    return number


def new_names(graph: Graph, pasted: Graph) -> dict[NodeId, NodeId]:
    """Return, for each pasted box, its name or the first free one made from it."""
    names: dict[NodeId, NodeId] = {}
    for node, layer in pasted.nodes.items():
        names[node] = graph.free_name(_stem(node))
        graph = graph.add(names[node], layer)
    return names


def _stem(node: NodeId) -> str:
    """Return a name without the number at its end: copies of `dense_2` are `dense_3`, not `dense_2_2`."""
    stem, _, number = node.rpartition("_")
    return stem if stem and number.isdigit() else node


def paste(boxes: Project, names: Mapping[NodeId, NodeId], at: Place | None = None) -> Edit:
    """Add boxes under new names: with the middle of them at `at`, or a little below and right of the originals."""

    def change(project: Project) -> Project:
        nodes = dict(project.graph.nodes) | {names[n]: layer for n, layer in boxes.graph.nodes.items()}
        new = {Port(names[e.node], e.name): Port(names[s.node], s.name) for e, s in boxes.graph.wires.items()}
        graph = Graph(nodes, {**project.graph.wires, **new})
        dx, dy = _offset(boxes, at)
        places = {names[n]: (x + dx, y + dy) for n, (x, y) in boxes.places.items()}
        return project.with_(graph=graph, places={**project.places, **places})

    return change


def _offset(boxes: Project, at: Place | None) -> Place:
    if at is None:
        return 4 * STEP, 4 * STEP
    xs, ys = [x for x, _ in boxes.places.values()], [y for _, y in boxes.places.values()]
    return snap(at[0] - (min(xs) + max(xs)) / 2), snap(at[1] - (min(ys) + max(ys)) / 2)
