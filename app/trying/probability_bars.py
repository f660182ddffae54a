"""The answer of a classifier as bars, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme, tokens

ROW, NAME, SHARE = 26, 120, 58  # pixels: height of a row, width of the name and of the figure


class ProbabilityBars(QWidget):
    """Draws one bar for each class; the true class, where it is known, has a tick behind its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[str, float]] = []
        self.truth = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        theme().changed.connect(self.update)

    def show_answer(self, ranked: Sequence[tuple[str, float]], truth: str = "", most: int = 12) -> None:
        """Show the `most` first of the classes with their probabilities, which come with the likeliest first."""
        self.rows, self.truth = list(ranked[:most]), truth
        self.setAccessibleName(", ".join(f"{name} {_percent(share)}" for name, share in self.rows[:3]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, max(1, len(self.rows)) * ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (name, share) in enumerate(self.rows):
            self._paint_row(painter, index * ROW, name, share, first=index == 0)
        painter.end()

    def _paint_row(self, painter: QPainter, top: int, name: str, share: float, *, first: bool) -> None:
        t, middle = tokens(), Qt.AlignmentFlag.AlignVCenter
        room = self.width() - NAME - SHARE
        text = f"{name} ✓" if name == self.truth else name
        painter.setPen(QColor(t.text))
        short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, NAME - 8)
        painter.drawText(QRectF(0, top, NAME - 8, ROW), middle, short)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(QRectF(NAME, top + 8, room, ROW - 16), 4, 4)
        painter.setBrush(QColor(t.accent if first else t.wire))
        painter.drawRoundedRect(QRectF(NAME, top + 8, max(room * share, 2.0), ROW - 16), 4, 4)
        painter.setPen(QColor(t.text if first else t.quiet))
        painter.drawText(
            QRectF(self.width() - SHARE, top, SHARE, ROW), middle | Qt.AlignmentFlag.AlignRight, _percent(share)
        )


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
