"""Choose data, look at it, and say how it is divided."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.data.chooser import DataChooser
from app.data.columns import ColumnList
from app.data.preview import Preview
from app.data_reading import Read
from app.dataset import ProjectData
from app.document import Document
from app.forms.form import LABEL_WIDTH, Form
from app.forms.texts import QuietCombo
from app.icons import icon
from engine.data import balance
from engine.data.dataset import Dataset
from engine.data.samples import SAMPLES
from engine.data.source import Source
from engine.data.sources.sample import Sample
from engine.data.split import advice
from engine.data.wiring import wire_data
from engine.layers.output import Output
from engine.problems import UserError
from engine.project.project import Project

ELSEWHERE = ("path", "name")  # parameters of a source that the buttons above set
BALANCE = "Let rare classes count as much as frequent ones: more of them are found, and probabilities lean towards them"
ALIKE = "Take the weights of the classes away again"
PAUSE = 900  # milliseconds without an edit after which the next one is an undo step of its own


class DataPanel(QWidget):
    """Left: where the data comes from and how it is divided. Middle: some rows. Right: the columns in figures."""

    def __init__(self, document: Document, data: ProjectData, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document, self.data = document, data
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(document.end_merge)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        source = self._source_page(split)
        self.preview, self.columns = Preview(split), ColumnList(split)
        for widget, stretch in ((source, 0), (self.preview, 3), (self.columns, 2)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setSizes([320, 620, 320])
        split.setHandleWidth(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self.columns.chosen.connect(self.preview.show_column)
        data.changed.connect(self.refresh)
        document.changed.connect(self._follow)
        self.refresh()

    def _source_page(self, parent: QWidget) -> QWidget:
        scroll = QScrollArea(parent, widgetResizable=True)
        page = QWidget(scroll.viewport())
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(9)
        self.title, self.facts, self.trouble = (QLabel(page, wordWrap=True) for _ in range(3))
        self.title.setProperty("title", True)
        self.facts.setProperty("quiet", True)
        self.trouble.setProperty("problem", True)
        rule = QFrame(page)
        rule.setProperty("rule", True)
        for widget in (self.title, self.facts, self.trouble, self._mend(page), self._chooser(page)):
            column.addWidget(widget)
        column.addWidget(self._again(page))
        column.addWidget(rule)
        column.addLayout(self._target(page))
        column.addWidget(self._balance(page))
        self._add_forms(page, column)
        column.addStretch(1)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        scroll.setMinimumWidth(290)
        return scroll

    def _add_forms(self, page: QWidget, column: QVBoxLayout) -> None:
        self.form = Form(self.document.project.data, page, without=("source",))
        self.form.edited.connect(self._edit)
        self.reading = SourceForm(page)
        self.reading.edited.connect(self._edit_source)
        column.addWidget(self.form)
        column.addWidget(self.reading)

    def _chooser(self, page: QWidget) -> DataChooser:
        self.chooser = DataChooser(page)
        self.chooser.sample_chosen.connect(self.data.choose)
        self.chooser.path_chosen.connect(self._choose)
        return self.chooser

    def _again(self, page: QWidget) -> QPushButton:
        self.again = QPushButton(icon("repeat"), "Read it again", page)
        self.again.setToolTip("Read the data once more, after the file has changed or come back")
        self.again.clicked.connect(self.data.again)
        return self.again

    def _mend(self, page: QWidget) -> QPushButton:
        self.mend = QPushButton(page)
        self.mend.clicked.connect(self.data.mend)
        return self.mend

    def _balance(self, page: QWidget) -> QPushButton:
        self.balance = QPushButton(page)
        self.balance.clicked.connect(self._weigh)
        return self.balance

    def _target(self, page: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.target = QuietCombo(page)
        self.target.setAccessibleName("Column that is predicted")
        self.target.setToolTip("The column that the Output predicts; the Input then reads all others that fit together")
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.activated.connect(lambda _: self._predict(self.target.currentText()))
        self.target_name = QLabel("Predict", page)
        self.target_name.setProperty("quiet", True)
        self.target_name.setFixedWidth(LABEL_WIDTH)
        row.addWidget(self.target_name)
        row.addWidget(self.target, 1)
        row.addSpacing(22)  # the width of the buttons that go back to defaults, below
        return row

    # ------------------------------------------------------------------ choosing

    def _choose(self, path: Path) -> None:
        try:
            self.data.choose_path(path)
        except UserError as error:
            self.data.refuse(str(error))

    def _edit(self, name: str, value: object) -> None:
        def change(project: Project) -> Project:
            data = project.data.with_(**{name: value})
            begins = data.window > 1 >= project.data.window  # from here on samples share rows with their neighbours
            return project.with_(data=data.with_(split="last") if begins else data)

        self.document.edit(f"Change {name.replace('_', ' ')}", change, f"data:{name}")
        self._pause.start()

    def _edit_source(self, name: str, value: object) -> None:
        def change(project: Project) -> Project:
            source = project.data.source
            return project.with_(data=project.data.with_(source=source.with_(**{name: value}))) if source else project

        self.document.edit(f"Change {name.replace('_', ' ')}", change, f"source:{name}")
        self._pause.start()

    def _predict(self, target: str) -> None:
        read = self.data.read
        if read is not None and target in read.dataset:
            self.document.edit(f"Predict {target}", lambda project: predicting(project, read.dataset, target))

    def _weigh(self) -> None:
        """Let all classes count alike, or all samples where they do."""
        read = self.data.read
        if read is not None:
            change = balance.unbalanced if balance.is_weighed(self.document.project.graph) else balance.balanced
            self.document.end_merge()
            self.document.edit(
                self.balance.text(), lambda project: project.with_(graph=change(project.graph, read.dataset))
            )

    # ------------------------------------------------------------------ showing

    def _follow(self, before: Project, after: Project) -> None:
        if after.data != before.data or after.graph is not before.graph:
            self._show_settings(after)

    def _show_settings(self, project: Project) -> None:
        settings = project.data
        self.form.follow(settings)
        self.form.show_problems(settings.problems())
        self._say(self.data.error or self.data.refused, self.data.read)
        self.reading.follow(settings.source)
        self.chooser.show_source(settings.source)
        self.target.setCurrentIndex(self.target.findText(target_of(project)))
        self._show_balance(project)

    def _show_balance(self, project: Project) -> None:
        read, weighed = self.data.read, balance.is_weighed(project.graph)
        self.balance.setText("Count all samples alike" if weighed else "Balance classes")
        self.balance.setToolTip(ALIKE if weighed else BALANCE)
        self.balance.setVisible(read is not None and (weighed or balance.is_uneven(project.graph, read.dataset)))

    def refresh(self) -> None:
        """Show the data set as it is now."""
        read, project = self.data.read, self.document.project
        source = project.data.source
        with QSignalBlocker(self.target):
            self.target.clear()
            self.target.addItems([column.name for column in read.dataset.columns if not column.inner] if read else [])
        for widget in (self.target, self.target_name):
            widget.setVisible(bool(target_of(project)) and read is not None)
        self._show_settings(project)
        self.title.setText(source.label() if source is not None else "No data")
        self.title.setToolTip(getattr(source, "path", ""))
        self.again.setVisible(source is not None and not isinstance(source, Sample) and not self.data.loading)
        self.preview.show_dataset(read.dataset if read else None)
        self.columns.show_summary(read.summary if read else None)

    def _say(self, trouble: str, read: Read | None) -> None:
        """Write what is known of the data, or what went wrong."""
        text = (
            _facts(read, self.document.project) if read else "" if trouble else "Choose a sample, a file or a folder."
        )
        if self.data.loading:
            trouble, text = "", "Reading…"
        self.facts.setText(text)
        self.trouble.setText(trouble)
        self.facts.setVisible(bool(text))
        self.trouble.setVisible(bool(trouble))
        fix = self.data.fix if trouble else None
        self.mend.setText(fix.label if fix else "")
        self.mend.setToolTip(f"Mends: {trouble}" if fix else "")
        self.mend.setVisible(fix is not None)


class SourceForm(QWidget):
    """How a file or folder is read: the parameters of its source, but for the path."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form: Form | None = None
        self._kind: type[Source] | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def follow(self, source: Source | None) -> None:
        """Show the parameters of a source; nothing where it has none that a person would change."""
        kind = type(source) if source is not None else None
        if kind is not self._kind:
            self._kind = kind
            if self.form is not None:
                self.form.hide()
                self.form.deleteLater()
            self.form = Form(source, self, without=ELSEWHERE) if source is not None else None
            if self.form is not None:
                self.form.edited.connect(self.edited)
                self.column.addWidget(self.form)
        if self.form is not None and source is not None:
            self.form.follow(source)
        self.setVisible(self.form is not None and bool(self.form.names))


def target_of(project: Project) -> str:
    """Return the column that the first Output predicts; "" where there is no Output."""
    outputs = (layer for layer in project.graph.nodes.values() if isinstance(layer, Output))
    return next((layer.target or "?" for layer in outputs), "")


def predicting(project: Project, dataset: Dataset, target: str) -> Project:
    """Return the project with another target, and the Input reading what is left."""
    return project.with_(graph=wire_data(project.graph, dataset, target=target, window=project.data.window))


def _facts(read: Read, project: Project) -> str:
    """Return the first facts of a data set, what was mended while reading it, and what speaks against trusting a score."""
    doubts = (*advice(project.data, read.dataset), *balance.advice(project.graph, read.dataset))
    columns = read.summary.columns
    sample = SAMPLES.get(read.source.name) if isinstance(read.source, Sample) else None
    lines = [f"{read.summary.rows:,} rows · {len(columns)} {'column' if len(columns) == 1 else 'columns'}"]
    lines += [sample.title, sample.warning] if sample else []
    return "\n".join(filter(None, [*lines, *read.summary.notes, *doubts]))
