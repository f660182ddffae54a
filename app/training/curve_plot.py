"""One plot of training and validation against epochs."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem, QWidget

from app.theme import theme, tokens
from app.training.series import Series


class CurvePlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws two curves and marks the best epoch. What is drawn never loses an extreme, however many points there are."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption, self.train, self.validation = title, Series(), Series()
        self._drawn: tuple[int, int, int] | None = None  # what was drawn last
        self.setAccessibleName(f"Curve of {title.lower()}")
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(x=True, y=False)
        self.getPlotItem().setContentsMargins(0, 4, 8, 0)
        self.faint, self.line, self.checked = (self.plot() for _ in range(3))
        for item in (self.faint, self.line):
            item.setDownsampling(auto=True, method="peak")
            item.setClipToView(True)
        self.best = pg.InfiniteLine(
            angle=90, label="best · {value:.0f}", labelOpts={"position": 0.92, "anchors": [(0, 0), (1, 0)]}
        )
        self.best.hide()
        self.addItem(self.best)
        for side in ("left", "bottom"):  # texts and grid are most of the work, and seldom change
            self.getAxis(side).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        theme().changed.connect(self.recolour)
        self.recolour()

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
        self.setTitle(f"<span style='color:{t.text}'>{self.caption}</span>", size="9pt")
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setTextPen(t.quiet)
            axis.setPen(pg.mkPen(t.border))
        self.showGrid(x=False, y=True, alpha=0.12)

    def rename(self, title: str) -> None:
        """Give the plot another title."""
        if title != self.caption:
            self.caption = title
            self.setAccessibleName(f"Curve of {title.lower()}")
            self.recolour()

    def clear_curves(self) -> None:
        """Forget all points and the best epoch."""
        self.train.clear()
        self.validation.clear()
        self.best.hide()
        self.redraw()

    def mark_best(self, epoch: int | None) -> None:
        """Mark the epoch whose weights are kept."""
        self.best.setVisible(epoch is not None)
        if epoch is not None:
            self.best.setValue(epoch)

    def redraw(self, smoothing: int = 0) -> None:
        """Draw the points as they are now; `smoothing` is how many neighbours are averaged for the strong line."""
        state = (len(self.train), len(self.validation), smoothing)
        if state == self._drawn:
            return
        self._drawn = state
        many = len(self.train) > 300
        self.faint.setData(self.train.x, self.train.y)
        self.faint.setVisible(many)
        self.line.setData(self.train.x, self.train.smooth(smoothing) if many else self.train.y)
        few = len(self.validation) <= 60
        self.checked.setData(
            self.validation.x, self.validation.y, symbol="o" if few else None, symbolSize=5, symbolPen=None
        )
