"""Asks a run of the project what the Try panel wants to know, off the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app import tasks
from app.dataset import ProjectData
from app.document import Document
from app.trying.panel import EMPTY, TryPanel
from app.trying.trial import Feeds, Trial
from engine.project.run import Run

OTHER = "Choose the data that this run has learnt from to try it on samples."


class Asker(QObject):
    """Keeps the panel's trial that of the latest run, or of the one that was chosen since; answers the newest question."""

    def __init__(self, panel: TryPanel, document: Document, data: ProjectData) -> None:
        super().__init__(panel)
        self.panel, self.document, self.data = panel, document, data
        self._wish = ""  # a run's id; "" for the latest
        self._runs: list[Run] = []
        self._made: tuple[Run, object] | None = None  # the run and the data set that the trial is for
        self._task: tasks.Task | None = None
        self._question: Feeds | None = None
        panel.asked.connect(self._ask)
        panel.run_chosen.connect(self._choose)
        document.runs_changed.connect(self.renew)
        data.changed.connect(self.renew)
        self.renew()

    def _choose(self, wish: str) -> None:
        self._wish = wish
        self.renew()

    def renew(self) -> None:
        """Make a trial for the run that is wanted, unless it is there. Runs that have learnt nothing cannot be tried."""
        runs = [run for run in self.document.runs if run.fitted]
        if runs != self._runs and not (self._runs and set(runs) < set(self._runs)):
            self._wish = ""  # there is a new one
        self._runs = runs
        run = next((run for run in runs if run.id == self._wish), runs[-1] if runs else None)
        self.panel.show_runs([kept.id for kept in reversed(runs)], run.id if run else "")
        read = self.data.read
        if run is None or read is None or read.source != run.project.data.source:
            self._made = None
            self.panel.show_note(EMPTY if run is None else OTHER)
        elif self._made is None or self._made[0] is not run or self._made[1] is not read.dataset:
            self._make(run, read.dataset)

    def _make(self, run: Run, dataset: object) -> None:
        self._made = wanted = (run, dataset)
        self.panel.show_note("Making the model ready…")
        tasks.start(
            lambda task: Trial(run, dataset),  # type: ignore[arg-type]
            lambda trial: self.panel.show_trial(trial) if self._made is wanted else None,
            lambda text: self.panel.show_note(text) if self._made is wanted else None,
            owner=self.panel,
        )

    def _ask(self, feeds: Feeds) -> None:
        self._question = feeds
        if self._task is None:
            self._next()

    def _next(self) -> None:
        question, trial = self._question, self.panel.trial
        self._question = self._task = None
        if question is not None and trial is not None:
            self._task = tasks.start(
                lambda task: trial.answer(question),
                lambda answers: self._answered(trial, answers),
                lambda text: self._failed(trial, text),
                owner=self.panel,
            )

    def _answered(self, trial: Trial, answers: object) -> None:
        if self._question is None and trial is self.panel.trial:
            self.panel.show_answer(answers)  # type: ignore[arg-type]
        self._next()

    def _failed(self, trial: Trial, text: str) -> None:
        if self._question is None and trial is self.panel.trial:
            self.panel.show_trouble(text)
        self._next()
