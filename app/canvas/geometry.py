"""Where ports lie and which way wires go: calm curves that go round boxes. Numbers in, numbers and paths out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from app.sizes import HEIGHT, WIDTH, height, port_offsets
from engine.layer import Layer

CLEAR = 16.0  # how far wires keep from boxes
BEND = 14.0  # radius of a turn
Lookup = Callable[[QRectF], Iterable[QRectF]]  # the boxes that touch an area


def box_rect(layer: Layer, x: float, y: float) -> QRectF:
    """Return where a box lies."""
    return QRectF(x, y, WIDTH, height(layer))


def input_points(layer: Layer) -> dict[str, QPointF]:
    """Return where the input ports lie, from the box's top left corner."""
    ports = layer.ports()
    return {p: QPointF(0, y) for p, y in zip(ports, port_offsets(len(ports), height(layer)), strict=True)}


def output_points(layer: Layer) -> dict[str, QPointF]:
    """Return where the output ports lie, from the box's top left corner."""
    ports = layer.outputs
    return {p: QPointF(WIDTH, y) for p, y in zip(ports, port_offsets(len(ports), height(layer)), strict=True)}


def route(start: QPointF, end: QPointF, boxes: Lookup) -> QPainterPath:
    """Return the way of a wire from an output to an input.

    A plain curve where nothing is in its way; else along a lane above or below the boxes that are. One that must go
    backwards leaves to the right, runs along a lane, and arrives from the left.
    """
    if end.x() - start.x() < 2 * CLEAR:
        return _first_free(_backward(start, end, boxes), boxes)
    plain = curve(start, end)
    hit = _crossed(plain, boxes)
    return _first_free(_forward(start, end, boxes, hit), boxes) if hit else plain


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Return the plain curve between two points; straight where they lie level."""
    path = QPainterPath(start)
    reach = max(abs(end.x() - start.x()) / 2, 28.0)
    path.cubicTo(start.x() + reach, start.y(), end.x() - reach, end.y(), end.x(), end.y())
    return path


def passes(line: Sequence[QPointF], area: QRectF) -> bool:
    """Tell whether a line through these points touches an area; a path would count as filled."""
    return any(_touches(a.x(), a.y(), b.x(), b.y(), area) for a, b in pairwise(line))


def flat(path: QPainterPath) -> list[QPointF]:
    """Return the points of a path, its curves as short straight lines."""
    return [point for polygon in path.toSubpathPolygons() for point in polygon.toList()]


def _touches(ax: float, ay: float, bx: float, by: float, area: QRectF) -> bool:
    """Clip a straight line to an area (Liang and Barsky, 1984); tell whether anything is left."""
    first, last = 0.0, 1.0
    sides = ((bx - ax, ax, area.left(), area.right()), (by - ay, ay, area.top(), area.bottom()))
    for way, at, low, high in sides:
        if way == 0.0:
            if not low <= at <= high:
                return False
            continue
        enter, leave = sorted(((low - at) / way, (high - at) / way))
        first, last = max(first, enter), min(last, leave)
    return first <= last


def _crossed(path: QPainterPath, boxes: Lookup) -> list[QRectF]:
    """Return the boxes that a way crosses, looking only at those near each stretch of it."""
    if not any(True for _ in boxes(path.boundingRect().adjusted(2, -1, -2, 1))):
        return []
    found: list[QRectF] = []
    for a, b in pairwise(flat(path)):
        for rect in boxes(QRectF(a, b).normalized().adjusted(-1, -1, 1, 1)):
            if rect not in found and passes((a, b), rect.adjusted(2, 2, -2, -2)):
                found.append(rect)
    return found


def _first_free(paths: Iterable[QPainterPath], boxes: Lookup) -> QPainterPath:
    """Return the first way that crosses no box; where all do, that which crosses the fewest."""
    best, fewest = QPainterPath(), 1_000_000
    for path in paths:
        crossed = len(_crossed(path, boxes))
        if crossed < fewest:
            best, fewest = path, crossed
        if not crossed:
            break
    return best


def _backward(start: QPointF, end: QPointF, boxes: Lookup) -> Iterator[QPainterPath]:
    if abs(end.y() - start.y()) > HEIGHT:  # from one row to another: the way between them is the calmest
        yield _lane(start, end, (start.y() + end.y()) / 2)
        yield _lane(start, end, _beyond(start, end, boxes))
    for level in _lanes(start, end, boxes, min(start.y(), end.y()), max(start.y(), end.y())):
        yield _lane(start, end, level)


def _beyond(start: QPointF, end: QPointF, boxes: Lookup) -> float:
    """Return the level of a lane that is free just beyond the row of `start`, on the side of `end`."""
    spread = CLEAR if end.y() > start.y() else -CLEAR
    return _push(start.y(), end.x() - CLEAR, start.x() + CLEAR, boxes, spread)


def _forward(start: QPointF, end: QPointF, boxes: Lookup, hit: list[QRectF]) -> Iterator[QPainterPath]:
    levels = list(_lanes(start, end, boxes, min(r.top() for r in hit), max(r.bottom() for r in hit)))
    left, right = min(r.left() for r in hit), max(r.right() for r in hit)
    for level in levels:
        yield _detour(start, end, level, left, right)
    for level in levels:
        yield _lane(start, end, level)


def _detour(start: QPointF, end: QPointF, level: float, left: float, right: float) -> QPainterPath:
    """Leave the level of `start`, pass what lies between `left` and `right`, come back to the level of `end`."""
    off = max(left - CLEAR / 2, start.x() + 2 * BEND)
    on = min(right + CLEAR / 2, end.x() - 2 * BEND)
    if on <= off:
        return _lane(start, end, level)
    path = QPainterPath(start)
    _ease(path, QPointF(off, level))
    path.lineTo(on, level)
    _ease(path, end)
    return path


def _ease(path: QPainterPath, to: QPointF) -> None:
    here = path.currentPosition()
    middle = (here.x() + to.x()) / 2
    path.cubicTo(middle, here.y(), middle, to.y(), to.x(), to.y())


def _lanes(start: QPointF, end: QPointF, boxes: Lookup, top: float, bottom: float) -> list[float]:
    """Return the levels above `top` and below `bottom` where a lane touches no box, the nearer one first."""
    left, right = min(start.x(), end.x()) - CLEAR, max(start.x(), end.x()) + CLEAR
    spread = CLEAR + min((right - left) / 40, 40.0)  # nested wires get lanes of their own
    below = _push(bottom, left, right, boxes, spread)
    above = _push(top, left, right, boxes, -spread)
    middle = (start.y() + end.y()) / 2
    return [below, above] if below - middle <= middle - above + 1 else [above, below]


def _push(level: float, left: float, right: float, boxes: Lookup, spread: float) -> float:
    """Move a level down by `spread`, or up where that is negative, until a wire there touches no box."""
    level += spread
    for _ in range(10):
        hit = list(boxes(QRectF(left, level - CLEAR + 2, right - left, 2 * CLEAR - 4)))
        if not hit:
            return level
        beyond = max(r.bottom() for r in hit) if spread > 0 else min(r.top() for r in hit)
        level = beyond + spread
    return level


def _lane(start: QPointF, end: QPointF, lane: float) -> QPainterPath:
    """Leave to the right, turn to the lane, run along it, turn up or down, and arrive from the left."""
    out, back = start.x() + CLEAR + 4, end.x() - CLEAR - 4
    corners = (QPointF(out, start.y()), QPointF(out, lane), QPointF(back, lane), QPointF(back, end.y()), end)
    path = QPainterPath(start)
    for corner, after in pairwise(corners):
        _turn(path, corner, after)
    path.lineTo(end)
    return path


def _turn(path: QPainterPath, corner: QPointF, after: QPointF) -> None:
    here = path.currentPosition()
    path.lineTo(_towards(corner, here))
    path.quadTo(corner, _towards(corner, after))


def _towards(start: QPointF, end: QPointF) -> QPointF:
    """Return the point at most one bend's radius, and half the way, from `start` towards `end`."""
    way = end - start
    length = (way.x() ** 2 + way.y() ** 2) ** 0.5
    return start + way * (min(BEND, length / 2) / length) if length else start
