"""Says what the lines of the curves mean, and what is trained; shortened where there is little room."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme, tokens

SWATCH, GAP = 22, 6  # pixels


class Legend(QWidget):
    """A plain line is training, a line with dots is validation; then come the facts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts, self.lines = "", True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_facts(self, facts: str, *, lines: bool = True) -> None:
        """Show other facts; without `lines` nothing but them."""
        self.facts, self.lines = facts, lines
        meaning = "A plain line is training, a line with dots validation." if lines else ""
        self.setAccessibleName(" ".join(filter(None, [meaning, facts])))
        self.setToolTip(facts)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t, left = QPainter(self), tokens(), 0.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.lines:
            for name, colour, dots in (("training", t.accent, False), ("validation", t.warning, True)):
                self._swatch(painter, left, colour, dots=dots)
                left = self._write(painter, left + SWATCH + GAP, name, t.text) + 2 * GAP
        self._write(painter, left, self.facts, t.quiet)
        painter.end()

    def _swatch(self, painter: QPainter, left: float, colour: str, *, dots: bool) -> None:
        middle = self.height() / 2
        painter.setPen(QPen(QColor(colour), 2))
        painter.drawLine(QPointF(left, middle), QPointF(left + SWATCH, middle))
        if dots:
            painter.setBrush(QColor(colour))
            for share in (0.25, 0.75):
                painter.drawEllipse(QPointF(left + share * SWATCH, middle), 2, 2)

    def _write(self, painter: QPainter, left: float, text: str, colour: str) -> float:
        """Write a text, as much of it as there is room for, and return where it ends."""
        short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(self.width() - left))
        painter.setPen(QColor(colour))
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, short)
        return left + painter.fontMetrics().horizontalAdvance(short)
