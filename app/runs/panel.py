"""All trainings of the project, with their scores: look at the curves again, go back to the network of a run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.document import Document
from app.forms.specs import words
from app.icons import icon
from engine.catalog import metric_text
from engine.project.run import Run
from engine.training.history import telling_scores

HEADS = ("Run", "Result", "Epochs", "Best epoch", "Validation loss", "Seconds", "Optimizer", "Rate", "Seed")
EMPTY = "Every training is kept here with its weights and its curves. Press Train (F5)."
RESUME = "Go on where this run was stopped, exactly as if it had not been; it keeps its name"
LONGER = "Let this run learn for more epochs; it keeps its name"
NEITHER = "A run whose numbers became infinite cannot learn on"
ONLY_STOPPED = "Only a run that was stopped before its end can go on"
STATES = {"done": "", "stopped": " (stopped)", "failed": " (diverged)", "running": " (unfinished)"}


class RunsPanel(QWidget):
    """One line for each run, the newest first.

    `shown(run)` when one is chosen, `exported(run)` when it is to be exported, `resumed(run)` when it is to go on,
    `lengthened(run)` when it is to learn for more epochs, `removed(run)` after it was removed.
    """

    resumed = Signal(object)
    lengthened = Signal(object)
    shown = Signal(object)
    removed = Signal(object)
    exported = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document, self._training = document, False
        self.table = QTableWidget(0, len(HEADS), self)
        self.table.setAccessibleName("Runs")
        self.table.setHorizontalHeaderLabels(HEADS)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.empty = QLabel(EMPTY, self, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.empty.setProperty("quiet", True)
        self.table.itemSelectionChanged.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 8)
        column.addWidget(self.table, 1)
        column.addWidget(self.empty, 1)
        column.addLayout(self._buttons())
        document.runs_changed.connect(self.refresh)
        self.refresh()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.resume = QPushButton(icon("step-forward"), "Resume", self)
        self.longer = QPushButton(icon("repeat"), "Train longer…", self)
        self.export = QPushButton(icon("share-2"), "Export as ONNX…", self)
        self.restore = QPushButton(icon("history"), "Go back to its network", self)
        self.remove = QPushButton(icon("trash-2"), "Remove", self)
        self.restore.setToolTip("Make the project what it was when this run began; one undo step")
        self.remove.setToolTip("Remove this run with its weights from the project")
        self.resume.clicked.connect(lambda: self._with_run(self.resumed.emit))
        self.longer.clicked.connect(lambda: self._with_run(self.lengthened.emit))
        self.export.clicked.connect(lambda: self._with_run(self.exported.emit))
        self.restore.clicked.connect(lambda: self._with_run(self._restore))
        self.remove.clicked.connect(lambda: self._with_run(self._remove))
        for button in (self.resume, self.longer, self.export, self.restore, self.remove):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def refresh(self) -> None:
        """Show the runs as they are now; the newest is chosen."""
        runs = self.document.runs[::-1]
        self.table.blockSignals(True)
        self.table.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for place, text in enumerate(cells(run)):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, run)
                self.table.setItem(row, place, item)
        if runs:
            self.table.selectRow(0)
        self.table.blockSignals(False)
        for widget in (self.table, self.resume, self.longer, self.export, self.restore, self.remove):
            widget.setVisible(bool(runs))
        self.empty.setVisible(not runs)
        self._offer_resume()

    def show_training(self, running: bool) -> None:
        """Know whether a training runs: then no other one can."""
        self._training = running
        self._offer_resume()

    def _offer_resume(self) -> None:
        """Let the chosen run go on, or learn longer, where it can; else say why it cannot."""
        run = self.chosen()
        for button, can, tip, reason in (
            (self.resume, run is not None and run.can_go_on, RESUME, ONLY_STOPPED),
            (self.longer, run is not None and run.can_be_longer, LONGER, NEITHER),
        ):
            button.setToolTip("A training is running" if self._training else tip if can else reason)
            button.setEnabled(can and not self._training)

    def chosen(self) -> Run | None:
        """Return the run that is chosen."""
        item = self.table.item(self.table.currentRow(), 0)
        return item.data(Qt.ItemDataRole.UserRole) if item else None

    def _with_run(self, do: Callable[[Run], object]) -> None:
        run = self.chosen()
        if run is not None:
            do(run)

    def _choose(self) -> None:
        self._offer_resume()
        self._with_run(self.shown.emit)

    def _restore(self, run: Run) -> None:
        self.document.end_merge()
        self.document.edit(f"Go back to {run.id}", lambda _: run.project)

    def _remove(self, run: Run) -> None:
        self.document.runs = tuple(other for other in self.document.runs if other is not run)
        self.removed.emit(run)

    def bring_back(self, run: Run) -> None:
        """Put a run that was removed back among the others."""
        runs = {kept.id: kept for kept in (*self.document.runs, run)}
        self.document.runs = tuple(sorted(runs.values(), key=lambda kept: int(kept.id.removeprefix("run-"))))


def cells(run: Run) -> tuple[str, ...]:
    """Return what the list says about a run, one text for each of HEADS."""
    history, settings = run.history, run.project.training
    best = history.best or (history.epochs[-1] if history.epochs else None)
    found = telling_scores(best.validation_metrics or best.metrics) if best else []
    loss = best.validation_loss if best else None
    return (
        run.id + STATES.get(run.status, ""),
        ", ".join(f"{words(name)} {metric_text(name, value)}" for name, value in found) or "—",
        f"{len(history.epochs):,}",
        f"{best.number:,}" if best else "—",
        f"{loss:.4g}" if loss is not None else "—",
        f"{history.seconds:.1f}",
        type(settings.optimizer).__name__,
        f"{settings.rate:g}",
        str(settings.seed),
    )
