"""Export a run as ONNX: choose where, prove that it answers alike, show how far it is off at every box."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import tasks
from app.document import Document
from app.replacing import ask_first
from engine.export.report import Report
from engine.export.verify import Verification
from engine.export.write import SUFFIX, ModelDiffersError, check_name, export
from engine.problems import UserError
from engine.project.run import Run

OPSETS = (("Opset 20: current runtimes", 20), ("Opset 17: runtimes of 2022 and later", 17))


class ExportDialog(QDialog):
    """Names the run and the file, then exports in the background. Nothing is written unless every box agrees."""

    def __init__(self, document: Document, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self.task: tasks.Task | None = None
        self.report: Report | None = None
        self._agreed = ""  # a name that the person has let be replaced already
        self.setWindowTitle(f"Export {run.id} as ONNX")
        self.setMinimumSize(620, 440)
        folder = document.path.parent if document.path else Path.home()
        self.file = QLineEdit(str(folder / f"{document.title}.onnx"), self)
        self.opset = QComboBox(self)
        self.opset.setAccessibleName("Format")
        for text, number in OPSETS:
            self.opset.addItem(text, number)
        self.verdict = QLabel("Every box will be compared with ONNX Runtime on up to 32 samples of your data.", self)
        self.verdict.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.hide()
        self._build()

    def _build(self) -> None:
        column, form, place = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        browse = QPushButton("Choose…", self)
        browse.clicked.connect(self._browse)
        place.addWidget(self.file, 1)
        place.addWidget(browse)
        label = QLabel("&File", self)
        label.setBuddy(self.file)
        self.file.setAccessibleName("File to write")
        form.addRow(label, place)
        form.addRow("F&ormat", self.opset)
        column.addLayout(form)
        column.addWidget(self.verdict)
        column.addWidget(self.progress)
        column.addWidget(self._table(), 1)
        column.addLayout(self._buttons())

    def _table(self) -> QTableWidget:
        self.boxes = QTableWidget(0, 3, self)
        self.boxes.setAccessibleName("Largest difference at every box")
        self.boxes.setHorizontalHeaderLabels(["Box", "Layer", "Largest difference"])
        self.boxes.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.boxes.verticalHeader().hide()
        self.boxes.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.boxes.horizontalHeader().setHighlightSections(False)
        self.boxes.setShowGrid(False)
        self.boxes.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        return self.boxes

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.folder = QPushButton("Show in folder", self)
        self.folder.hide()
        self.folder.clicked.connect(self._show_folder)
        self.close_button = QPushButton("Cancel", self)
        self.close_button.clicked.connect(self.reject)
        self.go = QPushButton("Export", self)
        self.go.setDefault(True)
        self.go.clicked.connect(self.start)
        row.addWidget(self.folder)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.go)
        return row

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export as ONNX", self.file.text(), "ONNX models (*.onnx)")
        if name:
            self._agreed = name if name.lower().endswith(SUFFIX) else ""
            self.file.setText(self._agreed or name + SUFFIX)

    def start(self) -> None:
        """Export to the file that is named; a file that is there already is only replaced after a question."""
        name = self.file.text()
        try:
            check_name(name)
        except UserError as error:
            self._failed(str(error))
            return
        self.go.setEnabled(False)
        self.progress.show()
        if name == self._agreed:
            self._write(Path(name))
        else:
            self.task = ask_first(self, Path(name), lambda: self._write(Path(name)), self._stay)

    def _stay(self) -> None:
        self._end()
        self.go.setEnabled(True)
        self.file.setFocus()
        self.file.selectAll()

    def _write(self, path: Path) -> None:
        opset, run = self.opset.currentData(), self.run
        self._say("Reading the data, writing the model, comparing every box…")
        self.task = tasks.start(lambda task: _export(task, path, run, opset), self._done, self._failed)

    def _done(self, report: Report | ModelDiffersError) -> None:
        self._show_boxes(report.verification)
        if isinstance(report, ModelDiffersError):
            self._failed(str(report))
            return
        self.report = report
        checked = report.verification
        self._end()
        self._say(
            f"Written and verified: {report.file}, {report.size:,} bytes. On {checked.samples} samples the largest "
            f"difference at any box is {checked.largest:.1e}; {checked.tolerance:g} would be allowed."
        )
        self.folder.show()
        self.go.hide()
        self.close_button.setText("Close")
        self.close_button.setDefault(True)

    def _show_boxes(self, checked: Verification) -> None:
        self.boxes.setRowCount(len(checked.boxes))
        for row, box in enumerate(checked.boxes):
            off = "none" if box.largest == 0 else f"{box.largest:.1e}"
            told = off if box.largest <= checked.tolerance else f"{off}: too much"
            for place, text in enumerate((box.box, box.kind, told)):
                self.boxes.setItem(row, place, QTableWidgetItem(text))

    def _failed(self, sentence: str) -> None:
        self._end()
        self._say(sentence, problem=True)
        self.go.setEnabled(True)

    def _end(self) -> None:
        self.task = None
        self.progress.hide()

    def _say(self, text: str, *, problem: bool = False) -> None:
        self.verdict.setText(text)
        self.verdict.setProperty("problem", problem)
        self.verdict.style().polish(self.verdict)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self.file.text()).resolve().parent)))

    def reject(self) -> None:
        if self.task is not None:
            self.task.cancel()
        super().reject()


def _export(task: tasks.Task, path: Path, run: Run, opset: int) -> Report | ModelDiffersError:
    source = run.project.data.source
    assert source is not None  # a run has learnt from something
    dataset = source.read()
    task.check()
    try:
        return export(path, run, dataset, opset=opset)
    except ModelDiffersError as error:  # not a failure of the task: it names every box
        return error
