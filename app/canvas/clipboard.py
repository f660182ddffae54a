"""Boxes as text: what copying puts on the clipboard and what pasting reads from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.edits import Edit, lies_free
from app.sizes import ROW_GAP, height, snap
from engine.graph import Graph, NodeId, Port, renamed
from engine.problems import UserError
from engine.project import strict_json
from engine.project.encoding import from_dict, to_dict
from engine.project.names import name_from
from engine.project.project import Place, Project

MARK = "boxes 1"
LARGEST = 8_000_000  # bytes
FARTHEST = 1e7  # scene units
FOREIGN = "The clipboard holds no boxes. Copy boxes on the canvas first."


def to_text(project: Project, nodes: frozenset[NodeId]) -> str:
    """Return boxes, the wires between them and their places as JSON."""
    graph = project.graph
    inner = {end: start for end, start in graph.wires.items() if {end.node, start.node} <= nodes}
    chosen = Graph({n: layer for n, layer in graph.nodes.items() if n in nodes}, inner)
    raw = to_dict(Project(chosen, {n: project.places.get(n, (0.0, 0.0)) for n in chosen.nodes}))
    return strict_json.dump({"netwright": MARK, "boxes": raw["boxes"], "wires": raw["wires"]}).decode()


def from_text(text: str) -> Project:
    """Return the boxes that a text describes, as a small project; raise UserError where it describes none."""
    data = text.encode("utf-8", "replace")
    try:
        raw = strict_json.load(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError, UserError):
        raw = None
    if not isinstance(raw, dict) or raw.get("netwright") != MARK:
        raise UserError(FOREIGN)
    return _read(raw)


def _read(raw: Mapping[str, Any]) -> Project:
    settings = to_dict(Project())
    boxes = from_dict(settings | {"boxes": raw.get("boxes"), "wires": raw.get("wires")})
    inner = {e: s for e, s in boxes.graph.wires.items() if s.node in boxes.graph.nodes}
    places = {n: boxes.places.get(n, (0.0, 0.0)) for n in boxes.graph.nodes}
    if not places or any(abs(x) > FARTHEST or abs(y) > FARTHEST for x, y in places.values()):
        raise UserError(FOREIGN)
    return Project(Graph(boxes.graph.nodes, inner), places)


def new_names(graph: Graph, pasted: Graph) -> dict[NodeId, NodeId]:
    """Return, for each pasted box, its name or the first free one made from it."""
    names: dict[NodeId, NodeId] = {}
    taken = dict(graph.nodes)
    for node, layer in pasted.nodes.items():
        names[node] = Graph(taken).free_name(_stem(name_from(node)))
        taken[names[node]] = layer
    return names


def _stem(node: NodeId) -> str:
    """Return a name without the number at its end: copies of `dense_2` are `dense_3`, not `dense_2_2`."""
    stem, _, number = node.rpartition("_")
    return stem if stem and number.isdigit() else node


def paste(boxes: Project, names: Mapping[NodeId, NodeId], at: Place | None = None) -> Edit:
    """Add boxes under new names: with the middle of them at `at`, or below the originals."""

    def change(project: Project) -> Project:
        nodes = dict(project.graph.nodes) | {names[n]: renamed(layer, names) for n, layer in boxes.graph.nodes.items()}
        new = {Port(names[e.node], e.name): Port(names[s.node], s.name) for e, s in boxes.graph.wires.items()}
        graph = Graph(nodes, {**project.graph.wires, **new})
        dx, dy = _below(project, boxes) if at is None else _offset(boxes, at)
        places = {names[n]: (x + dx, y + dy) for n, (x, y) in boxes.places.items()}
        return project.with_(graph=graph, places={**project.places, **places})

    return change


def _below(project: Project, boxes: Project) -> Place:
    """Return the way from the originals to the first place straight below them where the copies lie on no box."""
    tops = [(y, y + height(boxes.graph.nodes[n])) for n, (_, y) in boxes.places.items()]
    dy = step = snap(max(bottom for _, bottom in tops) - min(top for top, _ in tops) + ROW_GAP)
    while any(not lies_free(project, boxes.graph.nodes[n], (x, y + dy)) for n, (x, y) in boxes.places.items()):
        dy += step
    return 0.0, dy


def _offset(boxes: Project, at: Place) -> Place:
    xs, ys = [x for x, _ in boxes.places.values()], [y for _, y in boxes.places.values()]
    return snap(at[0] - (min(xs) + max(xs)) / 2), snap(at[1] - (min(ys) + max(ys)) / 2)
