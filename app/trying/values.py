"""The values of one sample that is no image: a table that can be typed into."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.icons import icon
from app.trying.strangers import Stranger
from app.trying.trial import Feeds, Trial
from engine.arrays import Array
from engine.columns import date_text, whole_seconds
from engine.data.kinds import seconds_of

NAME = 170  # pixels, at most


class Values(QTableWidget):
    """Shows every value of a sample by its column's name, one column of the table for each step of a series.

    `edited(feeds)` comes when a value was typed; what is no number is put back.
    """

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Values of the sample")
        self.horizontalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setMaximumWidth(NAME)
        self.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.horizontalHeader().setDefaultSectionSize(84)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setMinimumSize(360, 48)
        self.feeds: dict[str, Array] = {}
        self._places: list[tuple[str, tuple[int, ...]]] = []
        self.cellChanged.connect(self._changed)

    def show_feeds(self, trial: Trial, feeds: Feeds) -> None:
        """Show a sample."""
        self.feeds = {name: array.copy() for name, array in feeds.items()}
        rows = self._rows(trial)
        self._places = [(name, place) for _, name, places in rows for place in places[:1]]
        self.blockSignals(True)
        self.setRowCount(len(rows))
        self.setColumnCount(max((len(places) for _, _, places in rows), default=0))
        self.horizontalHeader().setStretchLastSection(self.columnCount() == 1)
        self.setVerticalHeaderLabels([label for label, _, _ in rows])
        for row, (label, name, places) in enumerate(rows):
            self.verticalHeaderItem(row).setToolTip(label)
            for column, place in enumerate(places):
                item = QTableWidgetItem(_text(self.feeds[name][place]))
                item.setData(Qt.ItemDataRole.UserRole, (name, place))
                self.setItem(row, column, item)
        self.blockSignals(False)
        lines = sum(self.rowHeight(row) for row in range(len(rows)))
        self.setMaximumHeight(lines + self.horizontalScrollBar().sizeHint().height() + 4)

    def mark(self, unknown: Sequence[Stranger]) -> None:
        """Mark the values that the run does not know, and say why beside each."""
        told = {(one.feed, one.place): one.sentence for one in unknown}
        with QSignalBlocker(self):
            for row in range(self.rowCount()):
                for column in range(self.columnCount()):
                    if (item := self.item(row, column)) is not None:
                        why = told.get(tuple(item.data(Qt.ItemDataRole.UserRole)), "")
                        item.setIcon(icon("triangle-alert", "problem") if why else QIcon())
                        item.setToolTip(f"<qt>{escape(why)}</qt>" if why else "")

    def _rows(self, trial: Trial) -> list[tuple[str, str, list[tuple[int, ...]]]]:
        """Return (label, feed, places of its values) for each line of the table."""
        rows = []
        for name, array in self.feeds.items():
            if name in trial.readers:
                continue
            last = array.shape[-1] if array.ndim > 1 else 1
            steps = list(np.ndindex(array.shape[:-1]))
            labels = _labels(trial, name, last)
            rows += [(labels[i], name, [(*step, i) for step in steps]) for i in range(last)]
        return rows

    def _changed(self, row: int, column: int) -> None:
        item = self.item(row, column)
        if item is None:
            return
        name, place = item.data(Qt.ItemDataRole.UserRole)
        array = self.feeds[name]
        try:
            array[place] = _value(item.text(), array.dtype.kind)
        except ValueError:
            with QSignalBlocker(self):
                item.setText(_text(array[place]))
            return
        self.edited.emit(dict(self.feeds))


def _labels(trial: Trial, feed: str, count: int) -> list[str]:
    """Return what the values of a feed are called: columns where there is one for each, else the feed and a number."""
    box, _, column = feed.partition(".")
    if column:
        return [column] * count
    layer = trial.inputs[box]
    kinds = dict(trial.run.fitted[box].get("columns", ()))
    names = [name for name in layer.columns if kinds.get(name, "number") == "number"]
    return names if len(names) == count else [f"{feed} {i + 1}" for i in range(count)]


def _value(text: str, kind: str) -> object:
    """Return what was typed as a model takes it: a text, a date in seconds, or a number. Raises ValueError."""
    if kind in "OU":
        return text
    if kind == "i":
        seconds = np.array([seconds_of(text)])
        if text.strip() and np.isnan(seconds[0]):
            raise ValueError(text)
        return whole_seconds(seconds)[0]
    return float(text.replace(",", ".") or "nan")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, np.integer):  # of a date, the least number where it is missing
        return "" if value == np.iinfo(np.int64).min else date_text(float(value))
    number = float(value)  # type: ignore[arg-type]
    return "" if np.isnan(number) else f"{number:.6g}"
