"""Paints the figure of a layer: the shapes that go in, the box, the shapes that come out."""

from __future__ import annotations

from math import log2, prod

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from app.theme import family_colour, mix, scaled_font, tokens
from engine.arrays import Shape, describe
from engine.manual import Figure

WIDTH, ROW, MARGIN = 400, 84, 4
BOX_WIDTH, BOX_HEIGHT, TEXT = 132, 40, 11
SIDE, REACH = 52, 34  # where values stand, and how far from there wires begin
SHEETS = 4  # of an image, at most: more channels than that are only written


def paint_figure(figure: Figure, ratio: float) -> QImage:
    """Return the picture, `ratio` pixels of the screen to each of its own."""
    rows = max(len(figure.inputs), len(figure.outputs), 1)
    size = (WIDTH, rows * ROW + 2 * MARGIN)
    image = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(scaled_font(TEXT))
    middle = size[1] / 2
    box = QRectF((WIDTH - BOX_WIDTH) / 2, middle - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT)
    _paint_side(painter, figure.inputs, (SIDE, SIDE + REACH, box.left() - 3), middle, inwards=True)
    _paint_side(painter, figure.outputs, (WIDTH - SIDE, WIDTH - SIDE - REACH, box.right() + 3), middle, inwards=False)
    _paint_box(painter, box, figure)
    painter.end()
    return image


def _paint_box(painter: QPainter, box: QRectF, figure: Figure) -> None:
    colour = family_colour(figure.category)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(QColor(mix(tokens().panel, colour.name(), 0.3)))
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(QColor(tokens().text))
    name = painter.fontMetrics().elidedText(figure.box, Qt.TextElideMode.ElideRight, BOX_WIDTH - 8)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


def _paint_side(
    painter: QPainter,
    ends: tuple[tuple[str, Shape], ...],
    across: tuple[float, float, float],
    middle: float,
    *,
    inwards: bool,
) -> None:
    """Paint the values of one side around the first of `across`, and a wire between the two others for each."""
    x, outer, inner = across
    for number, (port, shape) in enumerate(ends):
        y = middle + (number - (len(ends) - 1) / 2) * ROW
        _paint_value(painter, QPointF(x, y), shape)
        painter.setPen(QColor(tokens().text))
        said = f"{port}  {describe(shape)}" if len(ends) > 1 else describe(shape)
        painter.drawText(QRectF(x - 60, y + 27, 120, 16), Qt.AlignmentFlag.AlignCenter, said)
        value, box = QPointF(outer, y), QPointF(inner, middle)
        _paint_arrow(painter, *((value, box) if inwards else (box, value)))


def _paint_arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    line = QPainterPath(start)
    half = QPointF((end.x() - start.x()) / 2, 0)
    line.cubicTo(start + half, end - half, end)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens().quiet), 1.5))
    painter.drawPath(line)
    painter.drawPolyline([end + QPointF(-6, -4), end, end + QPointF(-6, 4)])


def _paint_value(painter: QPainter, centre: QPointF, shape: Shape) -> None:
    """Paint an array as a bar (values), a grid (steps and features), or sheets (channels of an image)."""
    rows, columns, depth = _sides(shape)
    size = QPointF(_length(columns), _length(rows))
    sheets = min(depth, SHEETS)
    painter.setPen(QPen(QColor(tokens().accent), 1))
    painter.setBrush(QColor(mix(tokens().panel, tokens().accent, 0.25)))
    for sheet in range(sheets):
        shift = (sheet - (sheets - 1) / 2) * 5
        corner = centre - size / 2 + QPointF(-shift, shift)
        painter.drawRect(QRectF(corner, corner + size))
        if sheet == sheets - 1 and depth == 1:
            _paint_cells(painter, QRectF(corner, corner + size), min(rows, 8), min(columns, 8))


def _paint_cells(painter: QPainter, rect: QRectF, rows: int, columns: int) -> None:
    for number in range(1, rows):
        y = rect.top() + number * rect.height() / rows
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
    for number in range(1, columns):
        x = rect.left() + number * rect.width() / columns
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))


def _sides(shape: Shape) -> tuple[int, int, int]:
    """Return rows, columns and sheets of the picture: all axes but the last two become sheets."""
    if len(shape) < 2:
        return prod(shape), 1, 1
    return shape[-2], shape[-1], prod(shape[:-2])


def _length(size: int) -> float:
    """Return how long an axis is drawn: longer where there is more, but never too long for the figure."""
    return min(12 + 6 * log2(size), 44)
