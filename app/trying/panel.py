"""Try a trained network: a sample of the data, a drawing, typed values or texts in, the answer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import randrange

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.forms.texts import QuietCombo
from app.icons import icon
from app.trying.answers import Answers
from app.trying.own import OwnFiles
from app.trying.picture import Picture
from app.trying.series_plot import SeriesPlot
from app.trying.strangers import strangers, unread
from app.trying.texts import Texts
from app.trying.trial import Feeds, Sample, Trial
from app.trying.values import Values
from engine.arrays import Array
from engine.data.prepare import Answer
from engine.graph import NodeId

EMPTY = "Train a network first; then try it here on samples that it has not seen."
ABOVE = 96  # pixels above a picture: what is chosen, and where it comes from


class TryPanel(QWidget):
    """Shows one sample and what the network says about it. `asked(feeds)` wants an answer, which `show_answer` brings;
    `run_chosen(id)` wants another run to be tried.
    """

    asked = Signal(object)
    run_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trial: Trial | None = None
        self.sample: Sample | None = None  # None once the person has changed it
        self.feeds: dict[str, Array] = {}
        self.note = QLabel(EMPTY, self, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.note.setProperty("quiet", True)
        self.picture, self.values, self.answers = Picture(self), Values(self), Answers(self)
        self.series, self.texts = SeriesPlot(self), Texts(self)
        self.unknown = QLabel(self, wordWrap=True)
        self.unknown.setProperty("problem", True)
        self.unknown.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )  # the answers keep their room
        self.unknown.setAccessibleName("Values that the run does not know")
        self.picture.drawn.connect(self._drawn)
        self.values.edited.connect(self._typed)
        self.texts.edited.connect(self._written)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.note)
        self.pages.addWidget(self._bench())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)

    def _bench(self) -> QWidget:
        bench = QWidget(self)
        self.row = QHBoxLayout(bench)
        self.row.setContentsMargins(14, 10, 14, 10)
        self.row.setSpacing(28)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(self._chooser())
        self.origin = QLabel(self)
        self.origin.setProperty("quiet", True)
        for widget, stretch in (
            (self.origin, 0),
            (self.picture, 0),
            (self.texts, 0),
            (self.series, 3),
            (self.values, 2),
            (self.unknown, 0),
        ):
            left.addWidget(widget, stretch)
        left.addStretch()
        self.row.addLayout(left)
        self.row.addWidget(self.answers, 1)
        return bench

    def _chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.runs = QuietCombo(self)
        self.runs.setAccessibleName("Run that is tried")
        self.runs.setToolTip("The run whose weights answer")
        self.runs.activated.connect(lambda _: self.run_chosen.emit(self.runs.currentText()))
        self.index = QSpinBox(self, prefix="Sample ", minimum=1)
        self.index.lineEdit().setTextMargins(6, 0, 0, 0)
        self.index.setKeyboardTracking(False)
        self.index.setAccessibleName("Number of the sample")
        self.index.valueChanged.connect(self._show_sample)
        self.surprise = QPushButton(icon("shuffle"), "Random", self)
        self.surprise.setToolTip("Show any sample")
        self.surprise.clicked.connect(lambda: self.index.setValue(randrange(self.index.maximum()) + 1))
        self.draw = QPushButton(icon("pencil"), "Draw", self)
        self.draw.setCheckable(True)
        self.draw.setToolTip("Draw an image of your own: left button draws, right button rubs out")
        self.draw.toggled.connect(self._draw)
        self.clear = QPushButton(icon("rotate-ccw"), "Clear", self)
        self.clear.setToolTip("Rub everything out")
        self.clear.clicked.connect(self.picture.clear)
        self.own = OwnFiles(self)
        for widget in (self.runs, self.index, self.surprise, self.draw, self.clear, self.own):
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            row.addWidget(widget)
        row.addStretch(1)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.picture.fit(min(self.height() - ABOVE, self.width() // 2))

    # ------------------------------------------------------------------ which run is tried

    def show_note(self, text: str = EMPTY) -> None:
        """Show a sentence in place of a sample."""
        self.trial = None
        self.note.setText(text)
        self.pages.setCurrentIndex(0)

    def show_runs(self, names: Sequence[str], chosen: str) -> None:
        """Show which runs there are to be tried."""
        self.runs.clear()
        self.runs.addItems(list(names))
        self.runs.setCurrentText(chosen)
        self.runs.setVisible(len(names) > 1)

    def show_trial(self, trial: Trial) -> None:
        """Try another run."""
        self.trial = trial
        drawable, series = trial.picture(), trial.series()
        self.picture.setVisible(drawable is not None)
        self.series.setVisible(bool(series) and drawable is None)
        self.texts.setVisible(bool(trial.readers))
        self.values.setVisible(drawable is None and trial.readers.keys() != trial.sample(0).feeds.keys())
        self.row.setStretch(0, 2 if series and drawable is None else 0)
        small = drawable is not None and drawable[1][0] == 1 and max(drawable[1][1:]) <= 64
        self.draw.setVisible(small)
        self.draw.setChecked(False)
        self.clear.setVisible(False)
        self.own.pictures = drawable is not None
        with QSignalBlocker(self.index):
            self.index.setMaximum(len(trial))
            self.index.setSuffix(f" of {len(trial):,}")
        self.pages.setCurrentIndex(1)
        self._show_sample(self.index.value())

    # ------------------------------------------------------------------ what is asked

    def _show_sample(self, number: int) -> None:
        trial = self.trial
        if trial is None:
            return
        with QSignalBlocker(self.draw):
            self._lay_pen_down()
        self.sample = sample = trial.sample(number - 1)
        self.feeds = dict(sample.feeds)
        self.origin.setText(trial.origin(sample.row))
        self.texts.show_texts(trial, sample.texts)
        picture = trial.picture()
        if picture:
            self.picture.show_image(self.feeds[picture[0]][0], *trial.span(picture[0]))
        else:
            self.values.show_feeds(trial, self.feeds)
            self._show_series()
        self._show_unknown()
        self.asked.emit(self.feeds)

    def _show_unknown(self) -> None:
        """Say which values the run has never met."""
        found = strangers(self.trial.run, self.feeds) if self.trial else []
        self.values.mark(found)
        own = self.trial.notes if self.trial and self.trial.own else ()
        words = unread(self.trial, self.texts.texts()) if self.trial else []
        self.warn("\n".join(dict.fromkeys((*own, *(one.sentence for one in found), *words))))

    def warn(self, text: str) -> None:
        """Show a sentence below the sample."""
        self.unknown.setText(text)
        self.unknown.setVisible(bool(text))

    def _show_series(self) -> None:
        name = self.trial.series() if self.trial else ""
        if self.trial and name:
            self.series.show_series(self.feeds[name][0], self.trial.span(name))

    def _draw(self, on: bool) -> None:
        if not on:
            self._lay_pen_down()
            if self.sample is None:
                self._show_sample(self.index.value())
            return
        self.picture.drawable = True
        self.picture.setCursor(Qt.CursorShape.CrossCursor)
        self.clear.setVisible(True)
        self.origin.setText("Draw with the left button, rub out with the right one")
        self.picture.clear()

    def _lay_pen_down(self) -> None:
        self.draw.setChecked(False)
        self.picture.drawable = False
        self.picture.setCursor(Qt.CursorShape.ArrowCursor)
        self.clear.setVisible(False)

    def _drawn(self) -> None:
        found = self.trial.picture() if self.trial else None
        if found and self.picture.drawable:
            self._ask({found[0]: self.picture.image[None].copy()})

    def _typed(self, feeds: Feeds) -> None:
        self.origin.setText("Your own values")
        self._ask(feeds)
        self._show_series()
        self._show_unknown()

    def _written(self) -> None:
        if self.trial is not None:
            trial = self.trial
            self.origin.setText("Your own words")
            self._ask({node: trial.tokens(node, text) for node, text in self.texts.texts().items()})
            self._show_unknown()

    def _ask(self, feeds: Feeds) -> None:
        """Ask about what the person has changed: the truth about it is not known."""
        self.sample = None
        self.feeds = {**self.feeds, **feeds}
        self.asked.emit(self.feeds)

    def show_answer(self, answers: Mapping[NodeId, Answer]) -> None:
        """Show what the network says about what was asked last."""
        trial = self.trial
        if trial is None:
            return
        truth = self.sample.truth if self.sample else {}
        self.answers.show_answers(trial, answers, truth)
        series = trial.series()
        for node, answer in answers.items():
            if series and answer.values and trial.continues(node, series):
                self.series.show_forecast(answer.values[0], _number(truth.get(node, "")))

    def show_trouble(self, text: str) -> None:
        """Say why there is no answer to what was asked last."""
        self.answers.show_trouble(text)


def _number(text: str) -> float | None:
    with suppress(ValueError):
        return float(text)
    return None
