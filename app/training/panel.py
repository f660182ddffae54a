"""Curves and figures of the training that runs, or of a run that is kept."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from app.theme import theme, tokens
from app.training.curve_plot import CurvePlot
from app.training.readouts import Readouts, duration, figure
from engine.catalog import metric_text
from engine.training.events import Began, EpochDone, Steps
from engine.training.history import Epoch, History, main_score

EMPTY = "Nothing has been trained yet. Press Train (F5)."
REDRAW = 50  # milliseconds: twenty times a second at most


class TrainingPanel(QWidget):
    """Shows what a training tells. It is told by `begin`, `add_steps`, `add_epoch`; `show_history` shows a kept run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss_plot, self.score_plot = CurvePlot("Loss", self), CurvePlot("Metric", self)
        self.readouts = Readouts(self)
        self.began = Began(epochs=1, steps_per_epoch=1, samples=0, validation_samples=0, parameters=0)
        self.best: Epoch | None = None
        self.facts = ""
        self._build()
        theme().changed.connect(self._explain)
        self.timer = QTimer(self, singleShot=True, interval=REDRAW)
        self.timer.timeout.connect(self.redraw)

    def _build(self) -> None:
        self.smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self.smoothing.setRange(0, 40)
        self.smoothing.setValue(8)
        self.smoothing.setFixedWidth(110)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("How much of an epoch is averaged for the strong line")
        self.logarithmic = QCheckBox("Log scale", self)
        self.smoothing.valueChanged.connect(self.redraw)
        self.logarithmic.toggled.connect(partial(self.loss_plot.setLogMode, False))
        plots = QHBoxLayout()
        plots.addWidget(self.loss_plot, 1)
        plots.addWidget(self.score_plot, 1)
        plots.addWidget(self.readouts)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 2)
        column.setSpacing(0)
        column.addLayout(self._legend())
        column.addLayout(plots, 1)

    def _legend(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 14, 0)
        self.legend = QLabel(EMPTY, self)
        self.legend.setProperty("quiet", True)
        smoothing = QLabel("Smoothing", self)
        smoothing.setProperty("quiet", True)
        row.addWidget(self.legend)
        row.addStretch(1)
        for widget in (smoothing, self.smoothing, self.logarithmic):
            row.addWidget(widget)
        return row

    # ------------------------------------------------------------------ what a training tells

    def begin(self, began: Began, history: History | None = None) -> None:
        """Start anew, or after what `history` holds where a training is resumed."""
        self.began, self.best = began, None
        for plot in (self.loss_plot, self.score_plot):
            plot.clear_curves()
            plot.setXRange(0, began.epochs, padding=0.02)
        self.readouts.clear()
        self.readouts.show_value("epoch", f"{began.epoch} of {began.epochs}")
        samples = f"{began.samples:,} to train on, {began.validation_samples:,} to check with"
        self._explain(f"{samples} · {began.parameters:,} parameters" if began.samples else "")
        if history is not None:
            self._add_history(history)

    def clear(self) -> None:
        """Forget everything, as for a project that was never trained."""
        self.begin(Began(epochs=1, steps_per_epoch=1, samples=0, validation_samples=0, parameters=0))
        self.readouts.clear()
        self.legend.setText(EMPTY)

    def add_steps(self, steps: Steps) -> None:
        """Add the losses of some steps."""
        x = (steps.first + 1 + np.arange(len(steps.losses))) / self.began.steps_per_epoch
        self.loss_plot.train.extend(x, np.array(steps.losses))
        self.readouts.show_value("loss", figure(float(np.mean(steps.losses[-20:]))))
        self.readouts.show_value("rate", figure(steps.rates[-1]))
        self._show_speed(steps)
        self._later()

    def add_epoch(self, done: EpochDone) -> None:
        """Add the scores of an epoch."""
        self._add_epoch(done.epoch)
        if done.best:
            self._mark(done.epoch)
        self._later()

    def show_history(self, history: History, epochs: int) -> None:
        """Show a run that is over."""
        per_epoch = max(1, history.epochs[0].step if history.epochs else len(history.losses))
        self.begin(Began(epochs, per_epoch, 0, 0, 0))
        self._add_history(history)
        self.readouts.show_value("time left", "—")

    def _add_history(self, history: History) -> None:
        x = (1 + np.arange(len(history.losses))) / self.began.steps_per_epoch
        self.loss_plot.train.extend(x, history.losses)
        for epoch in history.epochs:
            self._add_epoch(epoch)
        if history.best:
            self._mark(history.best)
        self.redraw()

    def _add_epoch(self, epoch: Epoch) -> None:
        at = np.array([epoch.number], float)
        self.readouts.show_value("epoch", f"{epoch.number} of {self.began.epochs}")
        if epoch.validation_loss is not None:
            self.loss_plot.validation.extend(at, np.array([epoch.validation_loss]))
            self.readouts.show_value("validation", figure(epoch.validation_loss))
        for scores, series in (
            (epoch.metrics, self.score_plot.train),
            (epoch.validation_metrics, self.score_plot.validation),
        ):
            name, value = main_score(scores)
            if value is not None:
                series.extend(at, np.array([value]))
                self.score_plot.rename(name)
                self.readouts.names["metric"].setText(name.lower())
                self.readouts.show_value("metric", metric_text(name, value))

    def _mark(self, epoch: Epoch) -> None:
        self.best = epoch
        name, value = main_score(epoch.validation_metrics)
        score = metric_text(name, value) if value is not None else figure(epoch.validation_loss or 0.0)
        self.readouts.show_value("best", f"{score} · {epoch.number}")
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

    def _explain(self, text: str | None = None) -> None:
        """Write what the colours mean, in the theme's colours, and what is trained."""
        self.facts = self.facts if text is None else text
        t = tokens()
        lines = f"<font color='{t.accent}'>━━</font> training &nbsp; <font color='{t.warning}'>●━●</font> validation"
        self.legend.setText(" &nbsp;·&nbsp; ".join(filter(None, [lines, self.facts])))

    def _later(self) -> None:
        if not self.timer.isActive():
            self.timer.start()

    def redraw(self) -> None:
        """Draw the curves as they are now."""
        window = round(self.smoothing.value() / 40 * self.began.steps_per_epoch)
        self.loss_plot.redraw(window)
        self.score_plot.redraw()
