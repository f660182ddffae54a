"""A small image, enlarged so that its pixels can be seen, on which one may draw."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import tokens
from engine.arrays import Array

SMALLEST, LARGEST = 96, 448  # pixels


class Picture(QWidget):
    """Shows an image (channels, height, width) of values between `low` and `high`; with `drawable` the mouse is a pen.

    The left button draws, the right one rubs out; `drawn` is emitted at each stroke.
    """

    drawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = np.zeros((1, 8, 8), np.float32)
        self.low, self.high, self.drawable = 0.0, 255.0, False
        self._last: QPointF | None = None
        self._side = 224
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumSize(SMALLEST, SMALLEST)
        self.setAccessibleName("Image")

    def fit(self, side: int) -> None:
        """Take as much room as there is, between bounds that suit a small image."""
        self._side = min(max(side, SMALLEST), LARGEST)
        self.setMaximumSize(self._side, self._side)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def show_image(self, image: Array, low: float, high: float) -> None:
        """Show an image (channels, height, width)."""
        self.image, self.low, self.high = np.array(image, np.float32), low, max(high, low + 1e-9)
        self.update()

    def clear(self) -> None:
        """Turn every pixel to the lowest value."""
        self.image[...] = self.low
        self.update()
        self.drawn.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(self._frame(), self._pixels())
        painter.setPen(QColor(tokens().border))
        painter.drawRect(self._frame().adjusted(0, 0, -1, -1))
        painter.end()

    def _pixels(self) -> QImage:
        """Return the image in 8 bits, red, green and blue."""
        scaled = np.clip((self.image - self.low) * (255 / (self.high - self.low)), 0, 255).astype(np.uint8)
        planes = scaled if len(scaled) == 3 else np.repeat(scaled[:1], 3, axis=0)
        rows = np.ascontiguousarray(planes.transpose(1, 2, 0))  # (3, H, W) -> (H, W, 3)
        height, width, _ = rows.shape
        return QImage(rows.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()

    def _frame(self) -> QRectF:
        _, height, width = self.image.shape
        scale = min(self.width() / width, self.height() / height)
        return QRectF(0, 0, width * scale, height * scale)

    # ------------------------------------------------------------------ the mouse as a pen

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.drawable:
            self._last = event.position()
            self._stroke(event.position(), event.buttons())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.drawable and self._last is not None:
            self._stroke(event.position(), event.buttons())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def _stroke(self, to: QPointF, buttons: Qt.MouseButton) -> None:
        """Lay ink along the way from the last point to this one."""
        start = self._last or to
        value = self.low if buttons & Qt.MouseButton.RightButton else self.high
        for part in np.linspace(0, 1, 12):
            self._dab(start + (to - start) * float(part), value)
        self._last = to
        self.update()
        self.drawn.emit()

    def _dab(self, at: QPointF, value: float) -> None:
        """Move the pixels around a point towards `value`, the nearer the more: a soft round brush."""
        _, height, width = self.image.shape
        scale = self._frame().width() / width
        y, x = np.mgrid[:height, :width] + 0.5
        distance = np.hypot(x - at.x() / scale, y - at.y() / scale)
        ink = np.clip(1.35 * max(width / 16, 0.75) - distance, 0, 1)
        self.image += (value - self.image) * ink.astype(np.float32)
