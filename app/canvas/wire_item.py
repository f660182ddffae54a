"""One wire on the canvas, and the shape that is written where it leaves its box."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.card import DETAIL
from app.canvas.geometry import flat, passes
from app.canvas.ink import round_pen
from app.theme import scaled_font, tokens
from engine.graph import Port


class WireItem(QGraphicsItem):
    """`mood` is "", "wrong", "hot" (under the pointer or of a selected box) or "draft"."""

    def __init__(self, source: Port, target: Port | None) -> None:
        super().__init__()
        self.source, self.target, self.mood = source, target, ""
        self.path, self._box = QPainterPath(), QRectF()
        self.setZValue(1)

    def show_path(self, path: QPainterPath) -> None:
        """Lie along another way."""
        self.prepareGeometryChange()
        self.path, self._box = path, path.boundingRect().adjusted(-4, -4, 4, 4)

    def ends(self) -> tuple[QPointF, QPointF]:
        """Return where it starts and where it ends."""
        return self.path.pointAtPercent(0), self.path.currentPosition()

    def slope(self) -> float:
        """Return how far the wire goes down where it leaves its box; up is negative."""
        if self.path.isEmpty():
            return 0.0
        return self.path.pointAtPercent(0.15).y() - self.path.pointAtPercent(0).y()

    def show_mood(self, mood: str) -> None:
        """Look calm, wrong, hot or like a draft."""
        if mood != self.mood:
            self.mood = mood
            self.setZValue(1.5 if mood else 1)
            self.update()

    def near(self, at: QPointF, reach: float) -> bool:
        """Tell whether the wire passes within `reach` of a place in the scene."""
        spot = QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
        return self._box.intersects(spot) and passes(flat(self.path), spot)

    def boundingRect(self) -> QRectF:
        return self._box

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(10)
        return stroker.createStroke(self.path)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom > 0.18)
        painter.setPen(self._pen(zoom))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path)

    def _pen(self, zoom: float) -> QPen:
        t = tokens()
        colour = QColor({"wrong": t.problem, "hot": t.accent, "draft": t.accent}.get(self.mood, t.wire))
        pen = round_pen(colour, max(2.4 if self.mood == "hot" else 1.8, 0.8 / zoom))
        if self.mood in ("wrong", "draft"):
            pen.setDashPattern([3.0, 2.6])
        return pen


class ShapeItem(QGraphicsItem):
    """The shape of what leaves an output, written over the first stretch of its wire."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self._width, self._below = "", 0.0, False
        self.setZValue(1.2)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def show_text(self, text: str) -> None:
        """Write another shape."""
        if text != self.text:
            self.prepareGeometryChange()
            self.text, self._width = text, QFontMetricsF(scaled_font(11)).horizontalAdvance(text)
            self.update()

    def show_side(self, below: bool) -> None:
        """Stand below the wire, where that rises, or above it."""
        if below != self._below:
            self.prepareGeometryChange()
            self._below = below

    def boundingRect(self) -> QRectF:
        return QRectF(7, 3 if self._below else -18, self._width + 6, 16)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if option.levelOfDetailFromTransform(painter.worldTransform()) < DETAIL:
            return
        t = tokens()
        painter.setFont(scaled_font(11))
        painter.setPen(QColor(t.problem if self.text == "?" else t.quiet))
        painter.drawText(self.boundingRect(), Qt.AlignmentFlag.AlignCenter, self.text)
