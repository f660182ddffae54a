"""Choose data, look at it, and say how it is divided."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.data.columns import ColumnList
from app.data.preview import Preview
from app.dataset import ProjectData, Read
from app.document import Document
from app.forms.form import Form
from app.icons import icon
from engine.data.samples import SAMPLES
from engine.data.settings import DataSettings
from engine.data.sources.sample import Sample
from engine.project.project import Project

FILTER = "Tables and arrays (*.csv *.tsv *.txt *.npz)"


class DataPanel(QWidget):
    """Left: where the data comes from and how it is divided. Middle: some rows. Right: the columns in figures."""

    def __init__(self, document: Document, data: ProjectData, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document, self.data = document, data
        self.preview, self.columns = Preview(self), ColumnList(self)
        self.form = Form(document.project.data, self)
        self.form.edited.connect(self._edit)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        for widget, stretch in ((self._source_page(), 0), (self.preview, 3), (self.columns, 2)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setSizes([320, 620, 320])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self.columns.chosen.connect(self.preview.show_column)
        data.changed.connect(self.refresh)
        document.changed.connect(self._follow)
        self.refresh()

    def _source_page(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(9)
        self.title, self.facts = QLabel(self, wordWrap=True), QLabel(self, wordWrap=True)
        self.title.setProperty("title", True)
        self.facts.setProperty("quiet", True)
        rule = QFrame(self)
        rule.setProperty("rule", True)
        for widget in (self.title, self.facts, self._samples()):
            column.addWidget(widget)
        column.addLayout(self._buttons())
        column.addWidget(rule)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = QScrollArea(self, widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        scroll.setMinimumWidth(290)
        return scroll

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

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.open_file = QPushButton(icon("file"), "Open file…", self)
        self.open_folder = QPushButton(icon("folder-open"), "Image folder…", self)
        self.open_file.setToolTip("Open a table (CSV, TSV) or NumPy arrays (npz)")
        self.open_folder.setToolTip("Open a folder that holds one folder of pictures for each class")
        self.open_file.clicked.connect(self.ask_file)
        self.open_folder.clicked.connect(self.ask_folder)
        row.addWidget(self.open_file)
        row.addWidget(self.open_folder)
        return row

    # ------------------------------------------------------------------ choosing

    def _choose_sample(self, index: int) -> None:
        name = self.samples.itemData(index)
        if name:
            self.data.choose(Sample(name=name))

    def ask_file(self) -> None:
        """Ask for a file and choose it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open data", str(Path.home()), FILTER)
        if name:
            self.data.choose_path(Path(name))

    def ask_folder(self) -> None:
        """Ask for a folder of pictures and choose it."""
        name = QFileDialog.getExistingDirectory(self, "Open a folder of pictures", str(Path.home()))
        if name:
            self.data.choose_path(Path(name))

    def _edit(self, name: str, value: object) -> None:
        def change(project: Project) -> Project:
            return project.with_(data=project.data.with_(**{name: value}))

        self.document.edit(f"Change {name} of the data", change, merge=f"data.{name}")

    # ------------------------------------------------------------------ showing

    def _follow(self, before: Project, after: Project) -> None:
        if after.data != before.data:
            self._show_settings(after.data)

    def _show_settings(self, settings: DataSettings) -> None:
        self.form.follow(settings)
        sample = settings.source.name if isinstance(settings.source, Sample) else None
        self.samples.setCurrentIndex(max(self.samples.findData(sample), 0) if sample else 0)

    def refresh(self) -> None:
        """Show the data set as it is now."""
        self._show_settings(self.document.project.data)
        read = self.data.read
        self.title.setText(self._title())
        self.facts.setText(_facts(read) if read else self.data.error or "Choose a sample, a file or a folder.")
        self.facts.setProperty("problem", bool(self.data.error))
        self.facts.style().polish(self.facts)
        self.preview.show_dataset(read.dataset if read else None)
        self.columns.show_summary(read.summary if read else None)

    def _title(self) -> str:
        if self.data.loading:
            return "Reading…"
        return self.data.read.source.label() if self.data.read else "No data"


def _facts(read: Read) -> str:
    """Return the first facts of a data set, and what was mended while reading it."""
    columns = read.summary.columns
    sample = SAMPLES.get(read.source.name) if isinstance(read.source, Sample) else None
    lines = [f"{read.summary.rows:,} rows · {len(columns)} {'column' if len(columns) == 1 else 'columns'}"]
    lines += [sample.title, sample.warning] if sample else []
    return "\n".join(filter(None, [*lines, *read.summary.notes]))
