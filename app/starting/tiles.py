"""The templates to choose from: one tile for each; one that does not fit the data cannot be chosen, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.icons import badge
from app.inspector.facts import heading_label

KINDS = {  # by the template's name: title, sentence, the family whose badge it wears
    "mlp": ("Dense (mlp)", "For tables: two hidden layers.", "Dense"),
    "cnn": ("Convolutions (cnn)", "For pictures and series: small patterns, anywhere.", "Convolution"),
    "lstm": ("Memory (lstm)", "For texts and series: step by step.", "Recurrent"),
}


class TemplateTiles(QWidget):
    """`chosen(name)` is emitted when a person takes another template."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self.tiles = {name: self._tile(name, *texts) for name, texts in KINDS.items()}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for tile in self.tiles.values():
            row.addWidget(tile, 1)
        self.offer({}, "")

    def name(self) -> str:
        """Return the template that is chosen; "" where none is."""
        return next((name for name, tile in self.tiles.items() if tile.isChecked()), "")

    def offer(self, reasons: Mapping[str, str], best: str) -> None:
        """Let the templates be chosen that have no reason against them (no data, no template), and choose `best`."""
        for name, tile in self.tiles.items():
            why = reasons.get(name, "Choose data first.")
            tile.setEnabled(not why)
            tile.setToolTip(f"<qt>{escape(why or KINDS[name][1])}</qt>")  # which wraps
            tile.setAccessibleDescription(why or KINDS[name][1])
        self._group.setExclusive(False)  # an exclusive group would keep one checked
        for name, tile in self.tiles.items():
            tile.setChecked(name == best)
        self._group.setExclusive(True)

    def _tile(self, name: str, title: str, sentence: str, family: str) -> QPushButton:
        tile = QPushButton(self)
        tile.setProperty("tile", True)
        tile.setCheckable(True)
        tile.setAutoDefault(False)
        tile.setMinimumSize(150, 118)
        tile.setAccessibleName(title)
        tile.clicked.connect(lambda: self.chosen.emit(name))
        picture, words = QLabel(tile), QLabel(sentence, tile)
        picture.setPixmap(badge(family, 22))
        words.setWordWrap(True)
        words.setProperty("quiet", True)
        column = QVBoxLayout(tile)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(6)
        for widget in (picture, heading_label(title, tile), words):
            column.addWidget(widget)
        column.addStretch()
        self._group.addButton(tile)
        return tile
