"""The grid behind the boxes: dots that are felt, drawn once for each zoom and then only shifted."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QPolygonF

from app.canvas.ink import round_pen
from app.theme import mix, tokens

DOTS = 24.0  # scene units
CLOSE = 16.0  # pixels: dots are never closer than this
SIZE = 1.7
HALF = 2  # a row of dots, in pixels: half its height


class Ground:
    """Keeps a picture of the dots, a little larger than the view."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._picture = QPixmap()

    def paint(self, painter: QPainter, room: QRect, origin: QPointF, zoom: float, ratio: float) -> None:
        """Paint the dots over `room`, in pixels of the view; `origin` is where the scene's origin lies there."""
        step = DOTS * zoom
        while step < CLOSE:
            step *= 4
        key = (step, room.size().toTuple(), ratio, tokens())
        if key != self._key:
            self._key, self._picture = key, _draw(room.size(), step, ratio)
        painter.drawPixmap(QPointF(origin.x() % step - step, origin.y() % step - step), self._picture)


def _draw(size: QSize, step: float, ratio: float) -> QPixmap:
    t = tokens()
    wide, tall = size.width() + 2 * step, size.height() + 2 * step
    picture = QPixmap(round(wide * ratio), round(tall * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(t.canvas))
    row = _row(wide, step, ratio)
    painter = QPainter(picture)
    for top in range(int(tall / step) + 1):
        painter.drawPixmap(QPointF(0, top * step - HALF), row)
    painter.end()
    return picture


def _row(wide: float, step: float, ratio: float) -> QPixmap:
    """Return one row of dots: to copy it takes a tenth of the time of drawing it again."""
    t = tokens()
    picture = QPixmap(round(wide * ratio), round(2 * HALF * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(round_pen(mix(t.grid, t.quiet, 0.16), SIZE))
    painter.drawPoints(QPolygonF([QPointF(i * step, HALF) for i in range(int(wide / step) + 1)]))
    painter.end()
    return picture
