"""Where ports lie and which way wires go: calm curves that go round boxes. Numbers in, numbers and paths out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from app.sizes import WIDTH, height, port_offsets
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
        return _lane(start, end, _free_lane(start, end, boxes, _around(start, end)))
    area = QRectF(start, end).normalized().adjusted(4, -2, -4, 2)
    hit = _crossed(curve(start, end), list(boxes(area)))
    if not hit:
        return curve(start, end)
    return _detour(start, end, boxes, hit)


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Return the plain curve between two points; straight where they lie level."""
    path = QPainterPath(start)
    reach = max(abs(end.x() - start.x()) / 2, 28.0)
    path.cubicTo(start.x() + reach, start.y(), end.x() - reach, end.y(), end.x(), end.y())
    return path


def _crossed(path: QPainterPath, rects: Sequence[QRectF]) -> list[QRectF]:
    return [rect for rect in rects if path.intersects(rect.adjusted(2, 2, -2, -2))]


def _detour(start: QPointF, end: QPointF, boxes: Lookup, hit: list[QRectF]) -> QPainterPath:
    """Leave the level of `start`, pass the boxes that are in the way, come back to the level of `end`."""
    left, right = min(r.left() for r in hit), max(r.right() for r in hit)
    lane = _free_lane(start, end, boxes, QRectF(QPointF(left, min(r.top() for r in hit)), hit[0].bottomRight()))
    off = max(left - CLEAR / 2, start.x() + 2 * BEND)
    on = min(right + CLEAR / 2, end.x() - 2 * BEND)
    if on <= off:
        return _lane(start, end, lane)
    path = QPainterPath(start)
    _ease(path, QPointF(off, lane))
    path.lineTo(on, lane)
    _ease(path, end)
    return path


def _ease(path: QPainterPath, to: QPointF) -> None:
    here = path.currentPosition()
    middle = (here.x() + to.x()) / 2
    path.cubicTo(middle, here.y(), middle, to.y(), to.x(), to.y())


def _around(start: QPointF, end: QPointF) -> QRectF:
    return QRectF(
        QPointF(min(start.x(), end.x()), min(start.y(), end.y())), QPointF(start.x(), max(start.y(), end.y()))
    )


def _free_lane(start: QPointF, end: QPointF, boxes: Lookup, first: QRectF) -> float:
    """Return the level of a lane that touches no box: the nearer one of that above and that below."""
    left, right = min(start.x(), end.x()) - CLEAR, max(start.x(), end.x()) + CLEAR
    spread = CLEAR + min((right - left) / 40, 40.0)  # nested wires get lanes of their own
    below = _push(first.bottom(), left, right, boxes, 1) + spread
    above = _push(first.top(), left, right, boxes, -1) - spread
    level = (start.y() + end.y()) / 2
    return below if below - level <= level - above + 1 else above


def _push(level: float, left: float, right: float, boxes: Lookup, way: int) -> float:
    """Move a level up or down until a wire there touches no box."""
    for _ in range(24):
        hit = list(boxes(QRectF(left, level - 6, right - left, 12)))
        if not hit:
            return level
        beyond = max(r.bottom() for r in hit) if way > 0 else min(r.top() for r in hit)
        level = beyond + way * (CLEAR / 2)
    return level


def _lane(start: QPointF, end: QPointF, lane: float) -> QPainterPath:
    """Leave to the right, turn to the lane, run along it, turn up or down, and arrive from the left."""
    out, back = start.x() + CLEAR + 4, end.x() - CLEAR - 4
    corners = (QPointF(out, start.y()), QPointF(out, lane), QPointF(back, lane), QPointF(back, end.y()), end)
    path = QPainterPath(start)
    for corner, after in zip(corners, corners[1:], strict=False):
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
