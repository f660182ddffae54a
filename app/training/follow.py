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

    def show_latest() -> None:
        runs: tuple[Run, ...] = document.runs
        if runs and not session.busy:
            panel.show_history(runs[-1].history, runs[-1].project.training.epochs)
        elif not runs:
            panel.clear()

    document.opened.connect(show_latest)
    show_latest()
    return panel
