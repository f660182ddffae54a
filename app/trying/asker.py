"""Asks a run of the project what the Try panel wants to know, off the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from app import tasks
from app.dataset import ProjectData
from app.document import Document
from app.trying.panel import EMPTY, TryPanel
from app.trying.trial import Feeds, Trial
from engine.data.dataset import Dataset
from engine.data.wording import count
from engine.project.run import Run

OTHER = "Choose the data that this run has learnt from to try it on samples."


class Asker(QObject):
    """Keeps the panel's trial that of the latest run, or of the one that was chosen since; answers the newest question.

    `tell` is called with a sentence once something was written.
    """

    def __init__(
        self,
        panel: TryPanel,
        document: Document,
        data: ProjectData,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        super().__init__(panel)
        self.panel, self.document, self.data, self.tell = panel, document, data, tell
        self._trouble = ""  # why what the person chose last could not be read
        self._wish = ""  # a run's id; "" for the latest
        self._runs: list[Run] = []
        self._own: tuple[Path, ...] = ()  # files of the person's own, instead of the project's data
        self._made: tuple[object, ...] | None = None  # the run, the data set and the files that the trial is for
        self._task: tasks.Task | None = None
        self._question: Feeds | None = None
        panel.asked.connect(self._ask)
        panel.run_chosen.connect(self._choose)
        panel.own.opened.connect(self._open)
        panel.own.saved.connect(self._save)
        panel.own.closed.connect(lambda: self._open(()))
        document.runs_changed.connect(self.renew)
        data.changed.connect(self.renew)
        self.renew()

    def _open(self, paths: Sequence[Path]) -> None:
        self._own = tuple(paths)
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
            self._made, self._own = None, ()
            self.panel.show_note(EMPTY if run is None else OTHER)
        elif self._made is None or any(
            a is not b for a, b in zip(self._made, (run, read.dataset, self._own), strict=True)
        ):
            self._make(run, read.dataset)

    def _make(self, run: Run, dataset: Dataset) -> None:
        self._made = wanted = (run, dataset, self._own)
        own = self._own
        self.panel.own.show_paths(own)
        self.panel.show_note("Reading…" if own else "Making the model ready…")
        tasks.start(
            lambda task: _own_trial(run, own) if own else Trial(run, dataset),
            lambda trial: self._show(trial) if self._made is wanted else None,
            lambda text: self._refuse(text) if self._made is wanted else None,
            owner=self.panel,
        )

    def _show(self, trial: Trial) -> None:
        self.panel.show_trial(trial)
        if self._trouble:
            self.panel.warn(self._trouble)
        self._trouble = ""

    def _refuse(self, text: str) -> None:
        """Say why there is nothing to be tried; of files of the person's own, beside the samples of the project's data."""
        if self._own:
            self._trouble = text
            self._open(())
        else:
            self.panel.show_note(text)

    def _save(self, path: Path) -> None:
        """Write the answers to all samples of the person's own."""
        trial, own = self.panel.trial, self._own
        if trial is not None:
            self.panel.own.show_writing(True)
            tasks.start(lambda task: _write(path, trial, own), self._saved, self._not_saved, owner=self.panel)

    def _saved(self, sentence: str) -> None:
        self.panel.own.show_writing(False)
        self.tell(sentence)

    def _not_saved(self, sentence: str) -> None:
        self.panel.own.show_writing(False)
        self.panel.warn(sentence)

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


def _own_trial(run: Run, paths: Sequence[Path]) -> Trial:
    from engine.answers import given

    return Trial(run, given(run, [str(path) for path in paths]), ", ".join(path.name for path in paths))


def _write(path: Path, trial: Trial, own: Sequence[Path]) -> str:
    from engine.answer_table import check_out, write_answers
    from engine.answers import predict_rows

    check_out(path, [str(one) for one in own])
    rows, told = predict_rows(trial.run, trial.dataset)
    write_answers(path, trial.run, trial.dataset, rows, told)
    return f"Wrote {path.name}: {count(len(told), 'answer')}."
