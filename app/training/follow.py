"""Lets the curves follow the training, and show the latest run of a project that was opened."""

from __future__ import annotations

from app.document import Document
from app.trainer import Trainer
from app.training.panel import TrainingPanel
from engine.project.run import Run


def follow(panel: TrainingPanel, trainer: Trainer, document: Document) -> TrainingPanel:
    """Join a panel to a trainer and return it."""
    session = trainer.session
    session.started.connect(panel.begin)
    session.progress.connect(panel.add_steps)
    session.epoch_done.connect(panel.add_epoch)
    session.finished.connect(lambda run: panel.finish())

    def show_latest() -> None:
        runs: tuple[Run, ...] = document.runs
        if session.busy:
            return
        if runs:
            show_run(panel, runs[-1])
        else:
            panel.clear()

    document.opened.connect(show_latest)
    show_latest()
    return panel


def show_run(panel: TrainingPanel, run: Run) -> None:
    """Show the curves of a run that is kept."""
    panel.show_history(run.history, run.project.training.epochs, run.id)
