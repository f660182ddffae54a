"""Try a trained network: a sample of the data, a drawing or typed values in, the answer out."""

from __future__ import annotations

from collections.abc import Mapping
from random import randrange

from PySide6.QtCore import Qt, Signal
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

from app.icons import icon
from app.trying.answers import Answers
from app.trying.picture import Picture
from app.trying.trial import Feeds, Sample, Trial
from app.trying.values import Values
from engine.data.prepare import Answer
from engine.graph import NodeId

EMPTY = "Train a network first; then try it here on samples that it has not seen."


class TryPanel(QWidget):
    """Shows one sample and what the network says about it. `asked(feeds)` wants an answer, which `show_answer` brings."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trial: Trial | None = None
        self.sample: Sample | None = None
        self.note = QLabel(EMPTY, self, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.note.setProperty("quiet", True)
        self.picture, self.values, self.answers = Picture(self), Values(self), Answers(self)
        self.picture.drawn.connect(self._drawn)
        self.values.edited.connect(self._typed)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.note)
        self.pages.addWidget(self._bench())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)

    def _bench(self) -> QWidget:
        bench = QWidget(self)
        row = QHBoxLayout(bench)
        row.setContentsMargins(14, 8, 14, 10)
        row.setSpacing(24)
        left = QVBoxLayout()
        left.addLayout(self._chooser())
        left.addWidget(self.picture)
        left.addWidget(self.values, 1)
        left.addStretch(1)
        row.addLayout(left)
        row.addWidget(self.answers, 1)
        return bench

    def _chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.index = QSpinBox(self, prefix="Sample ", minimum=1)
        self.index.setKeyboardTracking(False)
        self.index.setAccessibleName("Number of the sample")
        self.index.valueChanged.connect(self._show_sample)
        self.surprise = QPushButton(icon("shuffle"), "Random", self)
        self.surprise.clicked.connect(lambda: self.index.setValue(randrange(self.index.maximum()) + 1))
        self.draw = QPushButton(icon("pencil"), "Draw", self)
        self.draw.setCheckable(True)
        self.draw.setToolTip("Draw an image of your own: left button draws, right button rubs out")
        self.draw.toggled.connect(self._draw)
        self.clear = QPushButton(icon("rotate-ccw"), "Clear", self)
        self.clear.clicked.connect(self.picture.clear)
        for widget in (self.index, self.surprise, self.draw, self.clear):
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            row.addWidget(widget)
        row.addStretch(1)
        return row

    # ------------------------------------------------------------------ which run is tried

    def show_note(self, text: str = EMPTY) -> None:
        """Show a sentence in place of a sample."""
        self.trial = None
        self.note.setText(text)
        self.pages.setCurrentIndex(0)

    def show_trial(self, trial: Trial) -> None:
        """Try another run."""
        self.trial = trial
        drawable = trial.picture()
        self.picture.setVisible(drawable is not None)
        self.values.setVisible(drawable is None)
        small = drawable is not None and drawable[1][0] == 1 and max(drawable[1][1:]) <= 64
        self.draw.setVisible(small)
        self.draw.setChecked(False)
        self.clear.setVisible(False)
        kept = "kept back while training" if trial.held_back else "of the training data"
        self.index.setToolTip(f"{len(trial):,} samples {kept}")
        self.index.setMaximum(len(trial))
        self.pages.setCurrentIndex(1)
        self._show_sample(self.index.value())

    # ------------------------------------------------------------------ what is asked

    def _show_sample(self, number: int) -> None:
        if self.trial is None:
            return
        self.draw.setChecked(False)
        self.sample = self.trial.sample(number - 1)
        self.index.setSuffix(f" of {len(self.trial):,}")
        picture = self.trial.picture()
        if picture:
            self.picture.show_image(self.sample.feeds[picture[0]][0], *self.trial.span(picture[0]))
        else:
            self.values.show_feeds(self.trial, self.sample.feeds)
        self.asked.emit(self.sample.feeds)

    def _draw(self, on: bool) -> None:
        self.picture.drawable = on
        self.clear.setVisible(on)
        self.picture.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)
        if on:
            self.sample = None
            self.picture.clear()
        elif self.trial is not None and self.sample is None:
            self._show_sample(self.index.value())

    def _drawn(self) -> None:
        found = self.trial.picture() if self.trial else None
        if found and self.picture.drawable:
            self.asked.emit({found[0]: self.picture.image[None]})

    def _typed(self, feeds: Feeds) -> None:
        self.sample = None
        self.asked.emit(feeds)

    def show_answer(self, answers: Mapping[NodeId, Answer]) -> None:
        """Show what the network says about what was asked last."""
        if self.trial is not None:
            self.answers.show_answers(self.trial, answers, self.sample.truth if self.sample else {})
