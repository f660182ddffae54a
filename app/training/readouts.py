"""The figures beside the curves: epoch, loss, metric, rate, speed, time left."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

NAMES = ("epoch", "loss", "validation", "metric", "best", "rate", "speed", "time left")


class Readouts(QWidget):
    """A column of names and values; a value that is not known yet is a dash."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(210)
        self.names: dict[str, QLabel] = {}
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 14, 8)
        grid.setVerticalSpacing(5)
        for row, name in enumerate(NAMES):
            self.names[name], self.values[name] = QLabel(name), QLabel("—")
            self.names[name].setProperty("quiet", True)
            self.values[name].setProperty("heading", True)
            self.values[name].setAlignment(Qt.AlignmentFlag.AlignRight)
            self.values[name].setAccessibleName(name)
            grid.addWidget(self.names[name], row, 0)
            grid.addWidget(self.values[name], row, 1)
        grid.setRowStretch(len(NAMES), 1)

    def show_value(self, name: str, text: str) -> None:
        """Write one figure."""
        self.values[name].setText(text)

    def clear(self) -> None:
        """Turn every figure into a dash."""
        for label in self.values.values():
            label.setText("—")


def duration(seconds: float) -> str:
    """Return a time span as people say it: `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def figure(value: float) -> str:
    """Return a loss or rate with three telling digits."""
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"
