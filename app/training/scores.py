"""Which of the metrics of a network's outputs is drawn: a choice that stays while the network has it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from app.forms.specs import words
from app.forms.texts import QuietCombo
from engine.catalog import metric_text
from engine.graph import NodeId
from engine.metric import Metric
from engine.training.history import Epoch, Scores

Score = tuple[NodeId, str]


class ScoreChoice(QuietCombo):
    """Lists every metric of every Output; `chosen` comes when a person wants to see another one."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: list[Score] = []
        self.setAccessibleName("Metric that is drawn")
        self.setToolTip("Which metric is drawn")
        self.setSizeAdjustPolicy(QuietCombo.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(lambda _: self.chosen.emit())
        self.hide()

    @property
    def score(self) -> Score | None:
        """The output and the metric that are drawn."""
        place = self.currentIndex()
        return self._scores[place] if 0 <= place < len(self._scores) else None

    def offer(self, epoch: Epoch) -> None:
        """List what an epoch was scored by, if that is not listed already."""
        scores = epoch.validation_metrics or epoch.metrics
        found = [(node, name) for node, metrics in scores.items() for name in metrics]
        if found and found != self._scores:
            wish = self.score
            with QSignalBlocker(self):
                self.clear()
                self._scores = found
                self.addItems([title(score, several=len(scores) > 1) for score in found])
                self.setCurrentIndex(found.index(wish) if wish in found else 0)
        self.setVisible(self.count() > 1)


def title(score: Score, *, several: bool) -> str:
    """Return what a metric is called; with the name of its output where there are several."""
    node, name = score
    return f"{node} · {words(name)}" if several else words(name)


def value_of(scores: Scores, score: Score | None) -> float | None:
    """Return the value of a metric, None where it is not known."""
    return scores.get(score[0], {}).get(score[1]) if score else None


def is_percent(score: Score) -> bool:
    """Tell whether a metric is a share of a whole."""
    kind = Metric.registry.get(score[1])
    return kind is not None and kind.percent


def is_rising(score: Score) -> bool:
    """Tell whether a metric is better the larger it is."""
    kind = Metric.registry.get(score[1])
    return kind is None or kind.larger_is_better


def score_text(score: Score, value: float) -> str:
    """Return a value as people read it."""
    return metric_text(score[1], value)
