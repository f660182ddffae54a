"""What the window does about training: start, stop, say how it ended, offer to resume, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.forms.specs import words
from engine.project.run import Run
from engine.training.history import telling_scores

if TYPE_CHECKING:
    from app.trainer import Trainer
    from app.window import Window
    from engine.project.project import Project


class WindowTraining(QObject):
    """Joins the trainer to the window's docks, notices and buttons."""

    def __init__(self, window: Window, trainer: Trainer) -> None:
        super().__init__(window)
        self.window, self.trainer = window, trainer
        self.trainer.changed.connect(self._changed)
        self.trainer.kept.connect(self._kept)
        self.trainer.failed.connect(self._failed)
        self.trainer.unfinished.connect(self._offer_resume)
        self.trainer.session.told.connect(window.tell)
        self.trainer.session.state_changed.connect(self._enter)

    def train(self) -> None:
        """Train, and show how it goes."""
        self.trainer.start()
        self.window.docks.open("curves")

    def resume(self) -> None:
        """Go on from the last checkpoint."""
        self.trainer.resume()
        self.window.docks.open("curves")

    def go_on(self, run: Run | None = None) -> None:
        """Take up the training that was interrupted, else the latest run where it was stopped; or the run that is given."""
        if run is None and self.trainer.interrupted:
            self.resume()
            return
        runs = self.window.document.runs
        run = run or (runs[-1] if runs else None)
        if run is not None and run.can_go_on:
            self.trainer.go_on(run)
            self.window.docks.open("curves")

    def train_longer(self, run: Run | None = None) -> None:
        """Ask for how many epochs the latest run, or the one given, is to learn on."""
        from app.runs.longer import LongerDialog

        run = run or next((kept for kept in reversed(self.window.document.runs) if kept.can_be_longer), None)
        if run is not None:
            dialog = LongerDialog(run, self.window)
            dialog.longer.connect(self.go_on)
            self.window.open_dialog(dialog)

    def pause(self) -> None:
        """Pause, or go on."""
        (self.trainer.proceed if self.trainer.state == "paused" else self.trainer.pause)()

    def export(self, run: Run | None = None) -> None:
        """Ask where the latest run, or the one given, is to be exported to."""
        from app.exporting.dialog import ExportDialog

        document = self.window.document
        learnt = [kept for kept in document.runs if kept.fitted]
        if run or learnt:
            self.window.open_dialog(ExportDialog(document, run or learnt[-1], self.window))

    def _enter(self, state: str) -> None:
        if state == "running":  # the curves hear all of it, or would begin in the middle
            self.window.docks.make(self.window.docks.all["curves"])

    def edited(self, before: Project, after: Project) -> None:
        """Say when a change counts that the training that is running cannot know of."""
        other = after.graph is not before.graph or (after.data, after.training) != (before.data, before.training)
        if other and self.trainer.state != "idle":
            self.window.tell("A training is running. What you change counts for the next training.")

    def _changed(self) -> None:
        self.window.top.show_training(self.trainer.state != "idle")
        self.window.refresh()

    def _kept(self, run: Run) -> None:
        from engine.catalog import metric_text

        found = telling_scores(run.history.best.validation_metrics) if run.history.best else []
        told = ", ".join(f"{words(name).lower()} {metric_text(name, value)}" for name, value in found)
        score = f" Validation {told}." if told else ""
        self.window.tell(f"{run.id} is kept with the project.{score} Try it under Use, or export it.")

    def _failed(self, sentence: str, resumable: bool) -> None:
        self.window.notices.show_notice(sentence, (("&Resume", self.resume),) if resumable else ())

    def _offer_resume(self, epoch: int) -> None:
        text = f"A training of this project ended before it was done, after epoch {epoch}."
        self.window.notices.show_notice(text, (("&Resume", self.resume),), icon_name="history")
