"""Selecting boxes with a rubber band."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from app.canvas.gestures.gesture import Gesture, Pointer, Stage
from app.theme import tokens
from engine.graph import NodeId


class RubberBand(Gesture):
    """Selects what it touches; with Shift or Ctrl held it adds to what is selected."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._start = QPointF()
        self._before: frozenset[NodeId] = stage.document.selection
        self._kept: frozenset[NodeId] = frozenset()
        self._band = QGraphicsRectItem()

    def press(self, at: Pointer) -> None:
        self._start = at.scene
        self._kept = self._before if at.shift or at.control else frozenset()
        accent = QColor(tokens().accent)
        pen = QPen(accent, 1)
        pen.setCosmetic(True)
        self._band.setPen(pen)
        accent.setAlpha(28)
        self._band.setBrush(accent)
        self._band.setZValue(10)
        self.stage.boxes.addItem(self._band)
        self.stage.document.select(self._kept)

    def move(self, at: Pointer) -> None:
        area = QRectF(self._start, at.scene).normalized()
        self._band.setRect(area)
        rects = self.stage.boxes.cells.rects
        self.stage.document.select(self._kept | {n for n, rect in rects.items() if rect.intersects(area)})

    def release(self, at: Pointer) -> None:
        self._hide()

    def cancel(self) -> None:
        self._hide()
        self.stage.document.select(self._before)

    def _hide(self) -> None:
        self._band.setPen(QPen(Qt.PenStyle.NoPen))
        self.stage.boxes.removeItem(self._band)
