"""The figures beside the curves: epoch, loss, metric, rate, speed, time left."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

NAMES = ("epoch", "loss", "validation", "metric", "best", "rate", "speed", "time left")
MEANING = {
    "epoch": "How many epochs are done",
    "loss": "Of the last steps, on the training part",
    "validation": "The loss on the samples that were kept back, after the last epoch",
    "metric": "On the samples that were kept back, after the last epoch",
    "best": "The epoch with the lowest validation loss, whose weights are kept",
    "rate": "The learning rate of the last step",
    "speed": "Samples that were learnt from in a second, in the last few seconds",
    "time left": "Until the last epoch is done, at this speed",
}


class Readouts(QWidget):
    """A column of names and values; a value that is not known yet is a dash."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(210)
        self.names: dict[str, QLabel] = {}
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 4, 14, 4)
        grid.setVerticalSpacing(4)
        for row, name in enumerate(NAMES):
            label, value = self.names[name], self.values[name] = QLabel(name), QLabel("—")
            label.setProperty("quiet", True)
            value.setProperty("heading", True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            for widget in (label, value):
                widget.setToolTip(MEANING[name])
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        grid.setRowStretch(len(NAMES), 1)
        self.clear()

    def text(self, name: str) -> str:
        """Return the figure that is shown."""
        return self.values[name].text()

    def show_value(self, name: str, text: str) -> None:
        """Write one figure."""
        self.values[name].setText(text)
        self.values[name].setAccessibleName(f"{self.names[name].text()}: {text}")

    def call_metric(self, name: str) -> None:
        """Give the metric its name; a long one is shortened."""
        label = self.names["metric"]
        label.setText(label.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 110))

    def clear(self) -> None:
        """Turn every figure into a dash."""
        for name in NAMES:
            self.show_value(name, "—")


def duration(seconds: float) -> str:
    """Return a time span as people say it: `8 s`, `3 min 20 s`, `2 h 5 min`, `3 days 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    hours = whole // 3600
    if hours < 48:
        return f"{hours} h {whole % 3600 // 60} min"
    return f"{hours // 24:,} days {hours % 24} h"


def figure(value: float) -> str:
    """Return a loss or rate with three telling digits."""
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"
