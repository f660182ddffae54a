"""One plot of training and validation against epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from app.theme import theme, tokens
from app.training.series import Series

PIECES = 700  # of a curve, at most: more than any plot has pixels to tell apart
FEW = 60  # points up to which each one gets a mark
ROOM = 0.04  # right of the last epoch, as a share of the axis
NUMBER = 48  # pixels that a number below the curve takes, with what keeps it from the next
TIP = "Turn the wheel to look closer, drag to move along, double-click to see everything again."


class ScoreAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis that writes shares as percent where `percent` is set."""

    percent = False

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not self.percent or self.logMode:
            return list(super().tickStrings(values, scale, spacing))
        return [f"{value * 100:g} %" for value in (round(value, 6) for value in values)]


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of epochs whose numbers keep apart, however narrow it is."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        (step, start), *finer = super().tickSpacing(low, high, size)
        while (high - low) / step * NUMBER > size:
            step *= 2
        return [(step, start), *(level for level in finer if (high - low) / level[0] * NUMBER <= size)]


class CurvePlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws two curves and marks the best epoch. What is drawn never loses an extreme, however many points there are.

    `looked` comes when another part of the curves is looked at, so that it is to be drawn again.
    """

    looked = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        self.scale_ = ScoreAxis("left")
        super().__init__(parent, axisItems={"left": self.scale_, "bottom": EpochAxis("bottom")}, enableMenu=False)
        self.caption, self.train, self.validation = title, Series(), Series()
        self._drawn: tuple[float, ...] = ()  # what was drawn last
        self.last, self._free = 1.0, False  # the last epoch in sight; whether a person has chosen what is in sight
        self.setAccessibleName(f"Curve of {title.lower()}")
        self.setToolTip(TIP)
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # there is nothing to do here by keys
        self.hideButtons()
        self.setMouseEnabled(x=True, y=False)
        self.getPlotItem().setContentsMargins(0, 4, 8, 0)
        self.faint, self.line, self.checked = (self.plot() for _ in range(3))
        self.best = pg.InfiniteLine(
            angle=90, label="best · {value:.0f}", labelOpts={"position": 0.9, "anchors": [(-0.04, 0.5), (1.04, 0.5)]}
        )
        self.best.hide()
        self.addItem(self.best, ignoreBounds=True)
        self.scale_.setStyle(autoReduceTextSpace=False)  # where texts are short, it would be laid out and painted twice
        for side in ("left", "bottom"):  # texts and grid are most of the work, and seldom change
            self.getAxis(side).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        view = self.getViewBox()
        view.sigRangeChangedManually.connect(self._freed)
        view.sigXRangeChanged.connect(lambda *_: self.looked.emit())
        theme().changed.connect(self.recolour)
        self.recolour()
        self.show_epochs(1)

    def recolour(self) -> None:
        """Take the colours of the theme in force."""
        t = tokens()
        self.setBackground(t.panel)
        faint = QColor(t.accent)
        faint.setAlpha(80)
        self.faint.setPen(pg.mkPen(faint, width=1))
        self.line.setPen(pg.mkPen(t.accent, width=2))
        self.checked.setPen(pg.mkPen(t.warning, width=2))
        self.checked.setSymbolBrush(pg.mkBrush(t.warning))
        self.best.setPen(pg.mkPen(t.good, width=1, style=Qt.PenStyle.DashLine))
        self.best.label.setColor(t.good)
        self.best.label.fill = pg.mkBrush(t.panel)
        self.setTitle(f"<span style='color:{t.text}'>{self.caption}</span>", size="9pt")
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setTextPen(t.quiet)
            axis.setPen(pg.mkPen(t.border))
        self.showGrid(x=False, y=True, alpha=0.12)

    def rename(self, title: str, *, percent: bool = False, rising: bool = False) -> None:
        """Give the plot another title; `percent`: its values are shares; `rising`: its best values are at the top."""
        self.best.label.setPosition(0.1 if rising else 0.9)
        if (title, percent) != (self.caption, self.scale_.percent):
            self.caption, self.scale_.percent = title, percent
            self.setAccessibleName(f"Curve of {title.lower()}")
            self.scale_.picture = None  # its texts are of the other kind
            self.scale_.update()
            self.recolour()

    def clear_curves(self) -> None:
        """Forget all points and the best epoch."""
        self.train.clear()
        self.validation.clear()
        self.best.hide()
        self._free = False
        self.redraw()

    def mark_best(self, epoch: int | None) -> None:
        """Mark the epoch whose weights are kept."""
        self.best.setVisible(epoch is not None)
        if epoch is not None:
            self.best.setValue(epoch)

    def show_epochs(self, last: float) -> None:
        """Bring everything up to an epoch into sight, unless a person looks at something of their own choice."""
        self.last = last
        if not self._free:
            self.setXRange(0, last * (1 + ROOM), padding=0.015)

    def show_all(self) -> None:
        """Go back to looking at everything."""
        self._free = False
        self.enableAutoRange(y=True)
        self.show_epochs(self.last)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def _freed(self, *_: Any) -> None:
        self._free = True

    def redraw(self, window: int = 0) -> None:
        """Draw the points as they are now; `window` is how many neighbours are averaged for the strong line."""
        (low, high), _ = self.viewRange()
        state = (len(self.train), len(self.validation), window, low, high)
        if state == self._drawn:
            return
        self._drawn = state
        many = len(self.train) > 300
        self.faint.setData(*(self.train.outline(low, high, PIECES) if many else ([], [])))
        self.line.setData(*self.train.trend(low, high, PIECES, window if many else 0))
        few = len(self.validation) <= FEW
        x, y = self.validation.outline(low, high, PIECES)
        self.checked.setData(x, y, symbol="o" if few else None, symbolSize=5, symbolPen=None)
