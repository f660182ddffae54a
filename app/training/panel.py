"""Curves and figures of the training that runs, or of a run that is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from app.training.curve_plot import CurvePlot
from app.training.legend import Legend
from app.training.readouts import Readouts, duration, figure
from app.training.scores import ScoreChoice, is_percent, is_rising, score_text, title, value_of
from engine.training.events import Began, EpochDone, Steps
from engine.training.history import Epoch, History

EMPTY = "Nothing has been trained yet. Press Train (F5)."
REDRAW = 50  # milliseconds: twenty times a second at most
WHOLE = 50  # epochs up to which the axis shows all of them from the start
NOTHING = Began(epochs=1, steps_per_epoch=1, samples=0, validation_samples=0, parameters=0)


class TrainingPanel(QWidget):
    """Shows what a training tells, once `build` was run through.

    It is told by `begin`, `add_steps`, `add_epoch`; `show_history` shows a kept run.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.began = NOTHING
        self.epochs: list[Epoch] = []
        self.best: Epoch | None = None
        self.timer = QTimer(self, singleShot=True, interval=REDRAW)
        self.timer.timeout.connect(self.redraw)

    def build(self) -> Iterator[None]:
        """Make all parts, in steps that are too short to be felt."""
        self.loss_plot = CurvePlot("Loss", self)
        yield
        self.score_plot = CurvePlot("Metric", self)
        yield
        self.readouts, self.legend, self.choice = Readouts(self), Legend(self), ScoreChoice(self)
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        plots = QHBoxLayout()
        plots.addWidget(self.loss_plot, 1)
        plots.addWidget(self.score_plot, 1)
        plots.addWidget(self.readouts)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 2)
        column.setSpacing(0)
        column.addLayout(self._bar())
        column.addLayout(plots, 1)
        self.choice.chosen.connect(self._show_scores)
        for plot in (self.loss_plot, self.score_plot):
            plot.looked.connect(self._later)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 14, 0)
        row.setSpacing(10)
        self.smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self.smoothing.setRange(0, 40)
        self.smoothing.setValue(8)
        self.smoothing.setFixedWidth(110)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("How much of an epoch is averaged for the strong line")
        self.smoothing.valueChanged.connect(self.redraw)
        self.logarithmic = QCheckBox("Log scale", self)
        self.logarithmic.setToolTip("Draw the loss on a logarithmic axis")
        self.logarithmic.toggled.connect(lambda on: self.loss_plot.setLogMode(False, on))
        name = QLabel("Smoothing", self)
        name.setProperty("quiet", True)
        row.addWidget(self.legend, 1)
        for widget in (self.choice, name, self.smoothing, self.logarithmic):
            row.addWidget(widget)
        return row

    # ------------------------------------------------------------------ what a training tells

    def begin(self, began: Began, history: History | None = None) -> None:
        """Start anew, or after what `history` holds where a training is resumed."""
        self.began, self.best, self.epochs = began, None, []
        for plot in (self.loss_plot, self.score_plot):
            plot.clear_curves()
        self.readouts.clear()
        self.readouts.show_value("epoch", f"{began.epoch:,} of {began.epochs:,}")
        samples = f"{began.samples:,} to train on, {began.validation_samples:,} to check with"
        self.legend.show_facts(f"{samples} · {began.parameters:,} parameters" if began.samples else "")
        if history is not None:
            self._add_history(history)
        self._show_reached()

    def clear(self) -> None:
        """Forget everything, as for a project that was never trained."""
        self.begin(NOTHING)
        self.readouts.clear()
        self.legend.show_facts(EMPTY, lines=False)

    def add_steps(self, steps: Steps) -> None:
        """Add the losses of some steps."""
        x = (steps.first + 1 + np.arange(len(steps.losses))) / self.began.steps_per_epoch
        self.loss_plot.train.extend(x, np.array(steps.losses))
        self.readouts.show_value("loss", figure(float(np.mean(steps.losses[-20:]))))
        self.readouts.show_value("rate", figure(steps.rates[-1]))
        self._show_speed(steps)
        self._show_reached()
        self._later()

    def add_epoch(self, done: EpochDone) -> None:
        """Add the scores of an epoch."""
        self._add_epoch(done.epoch)
        if done.best:
            self._mark(done.epoch)
        self._later()

    def show_history(self, history: History, epochs: int, facts: str = "") -> None:
        """Show a run that is over; `facts` says which."""
        per_epoch = max(1, history.epochs[0].step if history.epochs else len(history.losses))
        self.begin(Began(epochs, per_epoch, 0, 0, 0))
        self._add_history(history)
        self.readouts.show_value("rate", figure(float(history.rates[-1])) if len(history.rates) else "—")
        self.legend.show_facts(facts)
        self.finish()

    def finish(self) -> None:
        """Show that the training is over: its curves take the whole width."""
        self.readouts.show_value("time left", "—")
        for plot in (self.loss_plot, self.score_plot):
            plot.show_epochs(max(self._reached(), 1e-3))
        self.redraw()

    def _add_history(self, history: History) -> None:
        x = (1 + np.arange(len(history.losses))) / self.began.steps_per_epoch
        self.loss_plot.train.extend(x, history.losses)
        if len(history.losses):
            self.readouts.show_value("loss", figure(float(np.mean(history.losses[-20:]))))
        for epoch in history.epochs:
            self._add_epoch(epoch)
        if history.best:
            self._mark(history.best)
        self.redraw()

    def _add_epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        self.choice.offer(epoch)
        self.readouts.show_value("epoch", f"{epoch.number:,} of {self.began.epochs:,}")
        if epoch.validation_loss is not None:
            self.loss_plot.validation.extend(np.array([float(epoch.number)]), np.array([epoch.validation_loss]))
            self.readouts.show_value("validation", figure(epoch.validation_loss))
        self._add_score(epoch)

    def _add_score(self, epoch: Epoch) -> None:
        """Add what the chosen metric says about an epoch."""
        score, plot = self.choice.score, self.score_plot
        if score is None:
            return
        for scores, series in ((epoch.metrics, plot.train), (epoch.validation_metrics, plot.validation)):
            value = value_of(scores, score)
            if value is not None:
                series.extend(np.array([float(epoch.number)]), np.array([value]))
                self.readouts.show_value("metric", score_text(score, value))
        name = title(score, several=len(epoch.validation_metrics or epoch.metrics) > 1)
        plot.rename(name, percent=is_percent(score), rising=is_rising(score))
        self.readouts.call_metric(name.lower())

    def _show_scores(self) -> None:
        """Draw another metric, from the first epoch on."""
        self.score_plot.train.clear()
        self.score_plot.validation.clear()
        for epoch in self.epochs:
            self._add_score(epoch)
        if self.best:
            self._mark(self.best)
        self.redraw()

    def _mark(self, epoch: Epoch) -> None:
        self.best = epoch
        score = self.choice.score
        value = value_of(epoch.validation_metrics, score)
        best = score_text(score, value) if score and value is not None else figure(epoch.validation_loss or 0.0)
        self.readouts.show_value("best", f"{best} · {epoch.number}")
        for plot in (self.loss_plot, self.score_plot):
            plot.mark_best(epoch.number)

    def _show_speed(self, steps: Steps) -> None:
        if steps.samples_per_second <= 0:
            return
        self.readouts.show_value("speed", f"{steps.samples_per_second:,.0f} /s")
        done = steps.first + len(steps.losses)
        left = self.began.epochs * self.began.steps_per_epoch - done
        samples = self.began.samples / self.began.steps_per_epoch * max(left, 0)
        self.readouts.show_value("time left", duration(samples / steps.samples_per_second))

    # ------------------------------------------------------------------ drawing

    def _later(self) -> None:
        if not self.timer.isActive():
            self.timer.start()

    def _reached(self) -> float:
        """Return the epoch, with its fraction, that the curves have come to."""
        steps = self.loss_plot.train
        return max(float(steps.x[-1]) if len(steps) else 0.0, float(len(self.epochs)))

    def _show_reached(self) -> None:
        """Show all epochs that are to come, or, of very many, about twice as many as are done."""
        last = WHOLE
        while last < self._reached():
            last *= 2
        for plot in (self.loss_plot, self.score_plot):
            if plot.last != min(last, self.began.epochs):
                plot.show_epochs(min(last, self.began.epochs))

    def redraw(self) -> None:
        """Draw the curves as they are now."""
        if self.timer.isActive():
            self.timer.stop()
        window = round(self.smoothing.value() / 40 * self.began.steps_per_epoch)
        self.loss_plot.redraw(window)
        self.score_plot.redraw()
