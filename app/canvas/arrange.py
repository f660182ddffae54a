"""Automatic layout: layers of boxes from left to right, few crossings, a long one in several rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random

from app.canvas.rows import fold
from app.edits import Edit, move
from app.sizes import GAP, HEIGHT, ROW_GAP, WIDTH, height, snap
from engine.graph import Graph, NodeId
from engine.project.project import Place, Project

SLOT = HEIGHT + ROW_GAP
LONGEST = 400  # edges: with more, one layout must do
Levels = Mapping[NodeId, tuple[float, float]]


def arrange(nodes: frozenset[NodeId] = frozenset()) -> Edit:
    """Lay out all boxes, or only `nodes`, which keep the place of their top left corner."""

    def change(project: Project) -> Project:
        graph = project.graph
        chosen = nodes or frozenset(graph.nodes)
        return move(layout(graph, chosen, _corner(project, chosen) if nodes else (0.0, 0.0)))(project)

    return change


def layout(graph: Graph, nodes: frozenset[NodeId], corner: Place = (0.0, 0.0)) -> dict[NodeId, Place]:
    """Return a place for each of `nodes`; boxes that no wire joins stand in a row below the rest."""
    edges = sorted({(s.node, e.node) for e, s in graph.wires.items() if {s.node, e.node} <= nodes and s.node != e.node})
    places: dict[NodeId, Place] = {}
    top = 0.0
    for part in _parts(edges, graph):
        places |= {n: (x, y + top) for n, (x, y) in fold(_straight(part, graph), graph).items()}
        top = max(y + height(graph.nodes[n]) for n, (_, y) in places.items()) + ROW_GAP
    loose = [n for n in graph.nodes if n in nodes and n not in places]
    places |= {n: ((WIDTH + GAP) * (i % 8), top + SLOT * (i // 8)) for i, n in enumerate(loose)}
    return {n: (snap(corner[0] + x), snap(corner[1] + y)) for n, (x, y) in places.items()}


def _parts(edges: list[tuple[NodeId, NodeId]], graph: Graph) -> list[Levels]:
    """Return, for each set of joined boxes, level and height in slots of every box.

    The layout depends on how boxes are numbered, so the best of several numberings is taken, each also upside down:
    that with the fewest wires that cross in front of the ports where they end.
    """
    found: dict[frozenset[NodeId], list[Levels]] = {}
    for seed in range(1 + LONGEST // (len(edges) + LONGEST // 10) if edges else 0):
        for levels in _numbered(edges, seed):
            flipped = {n: (level, -slot) for n, (level, slot) in levels.items()}
            found.setdefault(frozenset(levels), []).extend((levels, flipped))
    best = (min(ways, key=lambda levels: (_swaps(levels, graph), sorted(levels.items()))) for ways in found.values())
    return sorted(best, key=min)


def _numbered(edges: list[tuple[NodeId, NodeId]], seed: int) -> list[Levels]:
    """Return the layout of each set of joined boxes, numbered in an order that `seed` decides."""
    from fast_sugiyama import from_edges  # only when somebody asks for a layout

    names = sorted({node for edge in edges for node in edge})
    Random(seed).shuffle(names)
    number = {name: i for i, name in enumerate(names)}
    pairs = [(number[start], number[end]) for start, end in edges]
    layouts = from_edges(pairs, dummy_vertices=True, dummy_size=0.6, vertex_spacing=1.0, check_layout=False)
    return [{names[int(n)]: (-y, x) for n, (x, y) in places if int(n) < len(names)} for places, *_ in layouts.to_list()]


def _swaps(levels: Levels, graph: Graph) -> int:
    """Return how many pairs of neighbouring ports are fed from boxes that lie the other way round."""
    heights = ([levels[s.node][1] for s in graph.sources(n).values() if s.node in levels] for n in levels)
    return sum(above > below for slots in heights for above, below in pairwise(slots))


def _straight(part: Levels, graph: Graph) -> dict[NodeId, Place]:
    """Turn levels into places: columns by level, boxes of a row level with each other at their middles."""
    columns = {level: i for i, level in enumerate(sorted({level for level, _ in part.values()}))}
    first = min(slot for _, slot in part.values())
    return {
        n: (columns[level] * (WIDTH + GAP), (slot - first) * SLOT + (HEIGHT - height(graph.nodes[n])) / 2)
        for n, (level, slot) in part.items()
    }


def _corner(project: Project, nodes: frozenset[NodeId]) -> Place:
    places = [project.places.get(n, (0.0, 0.0)) for n in nodes]
    return min(x for x, _ in places), min(y for _, y in places)


def align(nodes: frozenset[NodeId], side: str) -> Edit:
    """Bring boxes to one line: `side` is left, centre, right, top, middle or bottom."""

    def change(project: Project) -> Project:
        places = {n: project.places[n] for n in nodes if n in project.places}
        return move(_aligned(project.graph, places, side))(project) if len(places) > 1 else project

    return change


def _aligned(graph: Graph, places: dict[NodeId, Place], side: str) -> dict[NodeId, Place]:
    left, right = min(x for x, _ in places.values()), max(x for x, _ in places.values())
    tall = {n: height(graph.nodes[n]) for n in places}
    top, bottom = min(y for _, y in places.values()), max(y + tall[n] for n, (_, y) in places.items())
    rules: dict[str, Callable[[NodeId, float, float], Place]] = {
        "left": lambda n, x, y: (left, y),
        "centre": lambda n, x, y: (snap((left + right) / 2), y),
        "right": lambda n, x, y: (right, y),
        "top": lambda n, x, y: (x, top),
        "middle": lambda n, x, y: (x, (top + bottom - tall[n]) / 2),
        "bottom": lambda n, x, y: (x, bottom - tall[n]),
    }
    return {n: rules[side](n, x, y) for n, (x, y) in places.items()}


def distribute(nodes: frozenset[NodeId], axis: int) -> Edit:
    """Give boxes equal steps from the first to the last, along x (axis 0) or y (axis 1)."""

    def change(project: Project) -> Project:
        order = sorted((n for n in nodes if n in project.places), key=lambda n: project.places[n][axis])
        if len(order) < 3:
            return project
        start, end = project.places[order[0]][axis], project.places[order[-1]][axis]
        places: dict[NodeId, Place] = {}
        for i, n in enumerate(order):
            x, y = project.places[n]
            at = start + (end - start) * i / (len(order) - 1)
            places[n] = (at, y) if axis == 0 else (x, at)
        return move(places)(project)

    return change
