"""One box on the canvas. It paints a `Card` and tells where its ports are; it decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.card import Card, Mood, paint_card
from app.canvas.geometry import input_points, output_points
from app.sizes import WIDTH
from engine.graph import Port
from engine.layer import Layer

MARGIN = 9.0


class NodeItem(QGraphicsItem):
    def __init__(self, card: Card, layer: Layer) -> None:
        super().__init__()
        self.card, self.mood = card, Mood()
        self.show_layer(card, layer)
        self.setZValue(2)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def show_layer(self, card: Card, layer: Layer) -> None:
        """Show another card, for another layer or the same."""
        if card.tall != self.card.tall:
            self.prepareGeometryChange()
        self.card = card
        self.inputs, self.outputs = input_points(layer), output_points(layer)
        self.setToolTip(f"{card.node}: {type(layer).title()}")
        self.update()

    def show_mood(self, mood: Mood) -> None:
        """Look selected, hovered or dragged."""
        if mood != self.mood:
            self.mood = mood
            self.setZValue(4 if mood.dragged else 3 if mood.selected else 2)
            self.update()

    def body(self) -> QRectF:
        """Return the area of the card, in scene units."""
        return QRectF(self.x(), self.y(), WIDTH, self.card.tall)

    def input_point(self, port: str) -> QPointF:
        return self.pos() + self.inputs.get(port, QPointF(0, self.card.tall / 2))

    def output_point(self, port: str) -> QPointF:
        return self.pos() + self.outputs.get(port, QPointF(WIDTH, self.card.tall / 2))

    def port_at(self, at: QPointF, reach: float) -> tuple[Port, bool] | None:
        """Return the port within `reach` of a place in the scene, and whether it is an output."""
        sides = ((self.outputs, True), (self.inputs, False))
        near = [(_distance(self.pos() + p, at), name, out) for side, out in sides for name, p in side.items()]
        distance, name, out = min(near, default=(reach + 1, "", False))
        return (Port(self.card.node, name), out) if distance <= reach else None

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, WIDTH, self.card.tall).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN + 3)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(-6, 0, WIDTH + 12, self.card.tall))
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        paint_card(painter, self.card, self.mood, zoom)


class DraftItem(NodeItem):
    """A box that is being dragged in and not in the document yet."""

    def __init__(self, card: Card, layer: Layer) -> None:
        super().__init__(card, layer)
        self.show_mood(Mood(dragged=True, draft=True))
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)


def _distance(one: QPointF, other: QPointF) -> float:
    return (one - other).manhattanLength()
