"""Folds a long layout into rows, each read from left to right, so that a window shows it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt

from app.sizes import GAP, HEIGHT, WIDTH, height
from engine.graph import Graph, NodeId
from engine.project.project import Place

ASPECT = 1.6  # of the whole, width by height, as of a screen


def fold(places: Mapping[NodeId, Place], graph: Graph) -> dict[NodeId, Place]:
    """Return the places of a layout in columns, cut into rows where it is long.

    It is cut only where no more than one output is read beyond: then one wire leads from a row to the next, and all others
    stay within theirs. A network of which that is nowhere true, such as a U-Net, keeps its one row.
    """
    at = {x: i for i, x in enumerate(sorted({x for x, _ in places.values()}))}
    columns: list[list[NodeId]] = [[] for _ in at]
    for node, (x, _) in places.items():
        columns[at[x]].append(node)
    rows = _rows(_cuts(columns, graph), len(columns), _longest(places, graph, len(columns)))
    found: dict[NodeId, Place] = {}
    top = 0.0
    for row in rows:
        nodes = [node for column in columns[row.start : row.stop] for node in column]
        first = min(places[node][1] for node in nodes)
        left = min(places[node][0] for node in nodes)
        found |= {node: (places[node][0] - left, places[node][1] - first + top) for node in nodes}
        top = max(found[node][1] + height(graph.nodes[node]) for node in nodes) + _between()
    return found


def _between() -> float:
    """Return the room between two rows, as the templates leave it."""
    from engine.templates.chain import ROW  # loads all layers: only when somebody asks for a layout

    return ROW - HEIGHT


def _longest(places: Mapping[NodeId, Place], graph: Graph, count: int) -> int:
    """Return how many columns a row may have: as many as those of the templates, and more where there would be many rows."""
    from engine.templates.chain import LONGEST_ROW

    tall = max(y + height(graph.nodes[n]) for n, (_, y) in places.items()) - min(y for _, y in places.values())
    return max(LONGEST_ROW, round(sqrt(ASPECT * count * (tall + _between()) / (WIDTH + GAP))))


def _cuts(columns: Sequence[Sequence[NodeId]], graph: Graph) -> list[int]:
    """Return the columns before which no more than one output is still read."""
    column = {node: i for i, nodes in enumerate(columns) for node in nodes}
    last: dict[tuple[NodeId, str], int] = {}
    for end, source in graph.wires.items():
        if end.node in column and source.node in column:
            key = (source.node, source.name)
            last[key] = max(last.get(key, 0), column[end.node])
    changes = [0] * (len(columns) + 1)
    for (node, _), end_column in last.items():
        if end_column > column[node]:
            changes[column[node] + 1] += 1
            changes[end_column + 1] -= 1
    return [i for i, read in enumerate(accumulate(changes[:-1])) if i and read <= 1]


def _rows(cuts: Sequence[int], count: int, longest: int) -> list[range]:
    """Return the columns of each row: rows of about equal length, each as long as the cuts that there are allow."""
    wanted = ceil(count / ceil(count / longest))
    ends, start = [0], 0
    for cut, after in pairwise([*cuts, count]):
        if wanted <= 2 * (cut - start) and abs(cut - start - wanted) <= abs(after - start - wanted):
            ends.append(cut)
            start = cut
    return [range(a, b) for a, b in pairwise([*ends, count])]
