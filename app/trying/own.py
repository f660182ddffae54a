"""Samples of one's own: a table, arrays or pictures that are not the project's data, and their answers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from app.icons import icon
from app.replacing import ask_first
from engine.data.pictures import ENDINGS

TABLES = "Tables and arrays (*.csv *.tsv *.tab *.txt *.npz)"
PICTURES = f"Pictures ({' '.join(f'*{ending} *{ending.upper()}' for ending in ENDINGS)})"
SUFFIX = ".csv"


class OwnFiles(QWidget):
    """`opened(paths)` when files were chosen, `saved(path)` when their answers are to be written, `closed` when the project's
    own data is to be tried again.
    """

    opened = Signal(object)
    saved = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures = False
        self.paths: tuple[Path, ...] = ()
        self.open = QPushButton(icon("file"), "Your own…", self)
        self.open.setToolTip("Ask about a table, arrays or pictures of your own")
        self.save = QPushButton(icon("save"), "Save answers…", self)
        self.save.setToolTip("Write the answers to all samples of this file as a table (CSV), beside its columns")
        self.back = QPushButton(icon("x"), "Close", self)
        self.back.setToolTip("Go back to the samples of the project's data")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button, do in ((self.open, self._ask), (self.save, self._ask_where), (self.back, self.closed.emit)):
            button.clicked.connect(do)
            row.addWidget(button)
        self.show_paths(())

    def show_paths(self, paths: Sequence[Path]) -> None:
        """Show whether files of one's own are tried."""
        self.paths = tuple(paths)
        self.save.setVisible(bool(paths))
        self.back.setVisible(bool(paths))

    def show_writing(self, writing: bool) -> None:
        """Show that answers are being written."""
        self.save.setEnabled(not writing)
        self.save.setText("Saving…" if writing else "Save answers…")

    def _ask(self) -> None:
        start = str(self.paths[0].parent if self.paths else Path.home())
        kinds = (PICTURES, TABLES) if self.pictures else (TABLES,)
        names, _ = QFileDialog.getOpenFileNames(self, "Try your own", start, ";;".join(kinds))
        if names:
            self.opened.emit(tuple(map(Path, names)))

    def _ask_where(self) -> None:
        first = self.paths[0]
        start = first.with_name(f"{first.stem if len(self.paths) == 1 else first.parent.name}_answers{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self, "Save the answers", str(start), f"Tables (*{SUFFIX})")
        if name.lower().endswith(SUFFIX):
            self.saved.emit(Path(name))
        elif name:
            path = Path(name + SUFFIX)
            ask_first(self, path, lambda: self.saved.emit(path))
