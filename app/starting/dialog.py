"""New from data: choose data, what is predicted, and a template; what comes of it is a project that is ready to train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import tasks
from app.data.chooser import DataChooser
from app.data_reading import Read, source_at
from app.inspector.facts import heading_label
from app.starting.offers import Offers, offers, read_and_guess
from app.starting.tiles import TemplateTiles
from engine.data.source import Source
from engine.data.wording import count
from engine.problems import Reread, UserError
from engine.templates import left_out

NAME = 300  # pixels, at most
START = "Choose a sample, a file or a folder; the network is made for it."


class StartDialog(QDialog):
    """`made(project, read)` carries a project with a network that fits the data that was read. The disk is never waited for."""

    made = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.read: Read | None = None
        self.offers: Offers = {}
        self._task: tasks.Task | None = None
        self._fixes: dict[str, tuple[Source, Reread]] = {}  # by the sentence that says why a source could not be read
        self.setWindowTitle("New from data")
        self.setMinimumWidth(600)
        self.chooser, self.target, self.tiles = DataChooser(self), QComboBox(self), TemplateTiles(self)
        self.chooser.sample_chosen.connect(self.choose)
        self.chooser.path_chosen.connect(self.choose_path)
        self.target.setAccessibleName("Column that is predicted")
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.setMinimumContentsLength(16)
        self.target.setToolTip("The column that the network learns to predict from the others")
        self.target.setEnabled(False)
        self.target.activated.connect(lambda _: self._look())
        self.tiles.chosen.connect(lambda _: self._show_network())
        self.facts, self.network = QLabel(self, wordWrap=True), QLabel(self, wordWrap=True)
        self.network.setProperty("quiet", True)
        self.mend = QPushButton(self)
        self.mend.clicked.connect(self._mend)
        self._build()
        self._say(START)
        self._show_network()
        self.chooser.samples.setFocus()

    def _build(self) -> None:
        column, form = QVBoxLayout(self), QFormLayout()
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(heading_label("Data", self), self.chooser)
        form.addRow("", self.facts)
        form.addRow("", self.mend)
        predict = heading_label("&Predict", self)
        predict.setBuddy(self.target)
        form.addRow(predict, self.target)
        form.addRow(heading_label("Network", self), self.tiles)
        form.addRow("", self.network)
        for label in (self.facts, self.network):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # a long name widens nothing
            label.setMinimumHeight(2 * label.fontMetrics().lineSpacing())
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addLayout(form)
        column.addStretch()
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        cancel, self.go = QPushButton("Cancel", self), QPushButton("Make network", self)
        cancel.clicked.connect(self.reject)
        self.go.setDefault(True)
        self.go.clicked.connect(self._make)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.go)
        return row

    # ------------------------------------------------------------------ data

    def choose_path(self, path: Path) -> None:
        """Read what lies at a path."""
        self._read(path.name, lambda: source_at(path.absolute()))

    def choose(self, source: Source) -> None:
        """Read a source."""
        self._read(source.label(), lambda: source)

    def _mend(self) -> None:
        """Read the source that could not be read once more, in the way that its error offers."""
        source, fix = self._fixes[self.facts.text()]
        self.chooser.open_folder.setFocus()  # the button goes away, and the focus would go on to Cancel
        self.choose(source.with_(**{fix.param: fix.value}))

    def _read(self, name: str, source: Callable[[], Source]) -> None:
        self.read, self._title = None, self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, NAME)
        self.target.clear()
        self.target.setEnabled(False)
        self._work(f"Reading {self._title}…", lambda: self._guess(source()), self._show_data)

    def _guess(self, source: Source) -> tuple[Read, str]:
        """Read a source, on another thread, and keep how an error is mended: of it, only the sentence gets here."""
        try:
            return read_and_guess(source)
        except UserError as error:
            self._fixes |= {str(error): (source, error.fix)} if isinstance(error.fix, Reread) else {}
            raise

    def _show_data(self, found: tuple[Read, str]) -> None:
        self.read, target = found
        self.chooser.show_source(self.read.source)
        self.target.addItems([column.name for column in self.read.dataset.columns if not column.inner])
        self.target.setEnabled(True)
        self.target.setCurrentIndex(self.target.findText(target))
        self._look()

    # ------------------------------------------------------------------ the network

    def _look(self) -> None:
        """Find out what each template makes of the data."""
        read, target = self.read, self.target.currentText()
        if read is None:
            return
        if not target:
            self._say(f"{self._facts()} Choose what is to be predicted.")
            return
        self._work(self._facts(), lambda: offers(read, target), self._show_offers)

    def _show_offers(self, found: tuple[Offers, str]) -> None:
        self.offers, best = found
        self.tiles.offer({name: one if isinstance(one, str) else "" for name, one in self.offers.items()}, best)
        if best:
            self._say(self._facts())
        else:
            self._say(next(str(one) for one in self.offers.values()), problem=True)
        self._show_network()
        if self.go.isEnabled() and self.focusWidget() in (self.chooser.open_file, self.chooser.open_folder):
            self.go.setFocus()  # Enter now makes the network; it would ask for a file once more

    def _show_network(self) -> None:
        project: Any = self.offers.get(self.tiles.name())
        lines = (
            [" → ".join(project.graph.nodes), left_out(project.graph, self.read.dataset)]
            if project and self.read
            else []
        )
        self.network.setText("\n".join(filter(None, lines)))
        self.go.setEnabled(bool(project))

    def _make(self) -> None:
        project = self.offers.get(self.tiles.name())
        if project:
            self.accept()
            self.made.emit(project, self.read)

    # ------------------------------------------------------------------ how

    def _work(self, said: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do something on another thread, in place of what is being done there now."""
        self._stop()
        self._say(said)
        self._task = tasks.start(lambda _: work(), done, self._refuse, self)

    def _refuse(self, sentence: str) -> None:
        self.chooser.show_source(self.read.source if self.read else None)
        self._say(sentence, problem=True)
        if sentence in self._fixes:
            self.mend.setText(self._fixes[sentence][1].label)
            self.mend.show()
            self._grow()

    def _grow(self) -> None:
        """Give everything that is shown its room; a dialog grows for a long sentence, but not for what follows it."""
        if layout := self.layout():
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _say(self, text: str, *, problem: bool = False) -> None:
        """Write a line below the data; nothing can be made until more is known."""
        self.facts.setText(text)
        self.facts.setProperty("quiet", not problem)
        self.facts.setProperty("problem", problem)
        self.mend.hide()
        self.facts.style().polish(self.facts)

    def _facts(self) -> str:
        assert self.read
        summary = self.read.summary
        facts = [self._title, count(summary.rows, "row"), count(len(summary.columns), "column")]
        if summary.notes:
            facts.append(f"{count(len(summary.notes), 'note')} on how it was read: see Data")
        return " · ".join(facts)

    def _stop(self) -> None:
        """Forget what is being done, and what came of it before."""
        if self._task is not None:
            self._task.cancel()
        self.offers = {}
        self.tiles.offer({}, "")
        self._show_network()

    def done(self, answer: int) -> None:
        if self._task is not None:
            self._task.cancel()
        super().done(answer)
