"""Asks the latest run of the project what the Try panel wants to know, off the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app import tasks
from app.dataset import ProjectData
from app.document import Document
from app.trying.panel import EMPTY, TryPanel
from app.trying.trial import Feeds, Trial
from engine.project.run import Run


class Asker(QObject):
    """Keeps the panel's trial that of the latest run; answers one question at a time, always the newest."""

    def __init__(self, panel: TryPanel, document: Document, data: ProjectData) -> None:
        super().__init__(panel)
        self.panel, self.document, self.data = panel, document, data
        self._made: tuple[Run, object] | None = None  # the run and the data set that the trial is for
        self._task: tasks.Task | None = None
        self._question: Feeds | None = None
        panel.asked.connect(self._ask)
        document.runs_changed.connect(self.renew)
        data.changed.connect(self.renew)
        self.renew()

    def renew(self) -> None:
        """Make a trial for the latest run that has learnt something, unless it is there."""
        run = next((run for run in reversed(self.document.runs) if run.fitted), None)
        read = self.data.read
        if run is None or read is None or read.source != run.project.data.source:
            self._made = None
            self.panel.show_note(EMPTY if run is None else "Choose the data that the latest run has learnt from.")
        elif self._made is None or self._made[0] is not run or self._made[1] is not read.dataset:
            self._made = (run, read.dataset)
            dataset, wanted = read.dataset, self._made
            self.panel.show_note("Making the model ready…")
            tasks.start(
                lambda task: Trial(run, dataset),
                lambda trial: self.panel.show_trial(trial) if self._made is wanted else None,
                lambda text: self.panel.show_note(text) if self._made is wanted else None,
            )

    def _ask(self, feeds: Feeds) -> None:
        self._question = feeds
        if self._task is None:
            self._next()

    def _next(self) -> None:
        question, trial = self._question, self.panel.trial
        self._question = self._task = None
        if question is None or trial is None:
            return
        self._task = tasks.start(lambda task: trial.answer(question), self._answered, self._failed)

    def _answered(self, answers: object) -> None:
        if self._question is None:
            self.panel.show_answer(answers)  # type: ignore[arg-type]
        self._next()

    def _failed(self, text: str) -> None:
        self._task = None
        self.panel.show_note(text)
