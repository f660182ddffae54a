"""Panning by the middle button, or with Space held."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from app.canvas.gestures.gesture import Gesture, Pointer, Stage


class Pan(Gesture):
    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._last, self._total = QPoint(), QPoint()

    def press(self, at: Pointer) -> None:
        self._last = at.view

    def move(self, at: Pointer) -> None:
        way = at.view - self._last
        self._last, self._total = at.view, self._total + way
        self.stage.pan_by(way)

    def cancel(self) -> None:
        self.stage.pan_by(-self._total)
