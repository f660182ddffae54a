"""How far the training is, in the status bar, whatever panel is looked at."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from app.trainer import Trainer
from app.training.readouts import duration
from engine.training.events import Began, Steps

FULL = 1000  # steps of the bar
WORDS = {"starting": "Getting ready…", "stopping": "Stopping…"}


class TrainingProgress(QWidget):
    """A thin bar with the epoch and the time that is left; seen while a training runs."""

    def __init__(self, trainer: Trainer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trainer, self.began = trainer, Began(1, 1, 0, 0, 0)
        self.text, self.bar = QLabel(self), QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(120, 6)
        self.bar.setAccessibleName("Share of the training that is done")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text)
        row.addWidget(self.bar)
        session = trainer.session
        session.state_changed.connect(self._enter)
        session.started.connect(self._begin)
        session.progress.connect(self._go_on)
        self.hide()

    def _enter(self, state: str) -> None:
        self.setVisible(state != "idle")
        if state in WORDS:
            self.text.setText(WORDS[state])
            self.bar.setRange(0, 0 if state == "starting" else FULL)
        elif state == "paused":
            self.text.setText(f"Paused · {self.text.text()}")

    def _begin(self, began: Began, past: object = None) -> None:
        self.began = began
        self.bar.setRange(0, FULL)
        self._show(began.step, began.epoch, 0.0)

    def _go_on(self, steps: Steps) -> None:
        if self.trainer.session.state == "running":
            self._show(steps.first + len(steps.losses), steps.epoch, steps.samples_per_second)

    def _show(self, done: int, epoch: int, speed: float) -> None:
        began = self.began
        every = began.epochs * began.steps_per_epoch
        left = (every - done) * began.samples / began.steps_per_epoch
        time = f" · {duration(left / speed)} left" if speed > 0 else ""
        self.text.setText(f"Epoch {min(epoch + 1, began.epochs):,} of {began.epochs:,}{time}")
        self.bar.setValue(round(FULL * done / max(every, 1)))
