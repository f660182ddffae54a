"""The whole graph in one item, for when it is so small that boxes are only spots of colour."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.node_item import NodeItem
from app.canvas.wire_item import WireItem
from app.theme import family_colour, mix, tokens
from engine.graph import NodeId, Port

FAR = 0.25  # below this zoom it takes the place of all other items
EVERYWHERE = QRectF(-1e7, -1e7, 2e7, 2e7)


class FarItem(QGraphicsItem):
    """Draws thousands of boxes as fast as a few: sorted by colour, wires as one path."""

    def __init__(self, nodes: Mapping[NodeId, NodeItem], wires: Mapping[Port, WireItem]) -> None:
        super().__init__()
        self._nodes, self._wires, self._stale = nodes, wires, True
        self._spots: dict[str, list[QRectF]] = {}
        self._lines = QPainterPath()
        self._wrong = QPainterPath()

    def stale(self) -> None:
        """Draw boxes and wires as they are now, the next time that it is drawn."""
        self._stale = True
        if self.scene() is not None:
            self.update()

    def _gather(self) -> None:
        self._spots, self._lines, self._wrong = {}, QPainterPath(), QPainterPath()
        for item in self._nodes.values():
            self._spots.setdefault(_colour(item), []).append(item.body())
        for wire in self._wires.values():
            (self._wrong if wire.mood == "wrong" else self._lines).addPath(wire.path)
        self._stale = False

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._stale:
            self._gather()
        t = tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path, colour in ((self._lines, t.wire), (self._wrong, t.problem)):
            pen = QPen(QColor(colour), 0)
            painter.setPen(pen)
            painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, rects in self._spots.items():
            painter.setBrush(QColor(colour))
            painter.drawRects(rects)


def _colour(item: NodeItem) -> str:
    t = tokens()
    if item.card.wrong:
        return t.problem
    if item.mood.selected:
        return t.accent
    return mix(t.panel, family_colour(item.card.category).name(), 0.5)
