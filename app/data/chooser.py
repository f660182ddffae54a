"""The ways to choose data: a sample, a file, a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

import engine.catalog  # noqa: F401  (the one way to all layers: see `app.data_reading`)
from app.icons import icon
from engine.data.samples import SAMPLES
from engine.data.source import Source
from engine.data.sources.sample import Sample

FILTER = "Tables and arrays (*.csv *.tsv *.tab *.txt *.npz)"


class DataChooser(QWidget):
    """`sample_chosen(source)` and `path_chosen(path)` tell what a person chose."""

    sample_chosen = Signal(object)
    path_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(self._samples())  # first, also for the Tab key
        self.open_file = QPushButton(icon("file"), "Open file…", self)
        self.open_folder = QPushButton(icon("folder-open"), "Image folder…", self)
        self.open_file.setToolTip("Open a table (CSV, TSV) or NumPy arrays (npz)")
        self.open_folder.setToolTip("Open a folder that holds one folder of pictures for each class")
        self.open_file.clicked.connect(self.ask_file)
        self.open_folder.clicked.connect(self.ask_folder)
        row.addWidget(self.open_file)
        row.addWidget(self.open_folder)
        column.addLayout(row)

    def _samples(self) -> QComboBox:
        self.samples = QComboBox(self)
        self.samples.setAccessibleName("Built-in samples")
        self.samples.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.samples.setMinimumContentsLength(16)
        self.samples.addItem("Choose a sample…")
        for name, sample in SAMPLES.items():
            self.samples.addItem(name, name)
            self.samples.setItemData(self.samples.count() - 1, sample.title, Qt.ItemDataRole.ToolTipRole)
        self.samples.activated.connect(self._choose_sample)
        return self.samples

    def show_source(self, source: Source | None) -> None:
        """Show which sample is chosen, if it is one."""
        name = source.name if isinstance(source, Sample) else None
        self.samples.setCurrentIndex(max(self.samples.findData(name), 0) if name else 0)

    def _choose_sample(self, index: int) -> None:
        name = self.samples.itemData(index)
        if name:
            self.sample_chosen.emit(Sample(name=name))

    def ask_file(self) -> None:
        """Ask for a file."""
        name, _ = QFileDialog.getOpenFileName(self, "Open data", str(Path.home()), FILTER)
        if name:
            self.path_chosen.emit(Path(name))

    def ask_folder(self) -> None:
        """Ask for a folder of pictures."""
        name = QFileDialog.getExistingDirectory(self, "Open a folder of pictures", str(Path.home()))
        if name:
            self.path_chosen.emit(Path(name))
