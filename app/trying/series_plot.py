"""A series as lines, one for each of its numbers, with the forecast behind it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import theme, tokens
from engine.arrays import Array

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
MARGIN, FIGURES = 10, 56  # pixels: around the lines, and for the figures on the left


class SeriesPlot(QWidget):
    """Draws (steps, numbers); a forecast is a filled dot behind the last step, the truth an empty one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: Array = np.zeros((0, 1))
        self.span = (0.0, 1.0)
        self.forecast: float | None = None
        self.truth: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(90)
        self.setAccessibleName("Series")
        self.setToolTip("A filled dot is what the network expects next, an empty one what came.")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 180)

    def show_series(self, values: Array, span: tuple[float, float]) -> None:
        """Show a series (steps, numbers) on an axis over `span`, without a forecast."""
        self.values, self.forecast, self.truth = np.asarray(values, float), None, None
        self.span = span if span[1] > span[0] else (span[0] - 1, span[0] + 1)
        steps, numbers = self.values.shape
        self.setAccessibleName(f"Series of {steps} steps with {numbers} {'number' if numbers == 1 else 'numbers'} each")
        self.update()

    def show_forecast(self, forecast: float | None, truth: float | None = None) -> None:
        """Show what is said to come next, and what came, where that is known."""
        self.forecast, self.truth = forecast, truth
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_figures(painter)
        colours = [t.accent, t.warning, t.good, t.problem, *t.families.values()]
        for number, column in enumerate(self.values.T):
            painter.setPen(QPen(QColor(colours[number % len(colours)]), 1.8, STYLES[number // 4 % len(STYLES)]))
            painter.drawPolyline(QPolygonF([self._point(step, value) for step, value in enumerate(column)]))
        if self.forecast is not None and len(self.values):
            painter.setPen(QPen(QColor(t.warning), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(self._point(len(self.values) - 1, self.values[-1, 0]), self._next(self.forecast))
        for value, filled, colour in ((self.truth, False, t.quiet), (self.forecast, True, t.warning)):
            if value is not None:
                painter.setPen(QPen(QColor(colour), 2))
                painter.setBrush(QColor(colour) if filled else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(self._next(value), 4, 4)
        painter.end()

    def _paint_figures(self, painter: QPainter) -> None:
        t = tokens()
        for value in self.span:
            y = self._point(0, value).y()
            painter.setPen(QColor(t.border))
            painter.drawLine(QPointF(FIGURES, y), QPointF(self.width() - MARGIN, y))
            painter.setPen(QColor(t.quiet))
            place = QRectF(0, y - 9, FIGURES - 8, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.4g}")

    def _next(self, value: float) -> QPointF:
        return self._point(len(self.values), value)

    def _point(self, step: float, value: float) -> QPointF:
        low, high = self.span
        across = (self.width() - FIGURES - 2 * MARGIN) / max(len(self.values), 1)
        share = 0.5 if not np.isfinite(value) else min(max((value - low) / (high - low), -0.05), 1.05)
        return QPointF(FIGURES + MARGIN + step * across, self.height() - MARGIN - share * (self.height() - 2 * MARGIN))
