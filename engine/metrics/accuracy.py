"""How often an answer is right."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric


class Accuracy(Metric):
    """Share of the answers that are right.

    Formula: right / all.

    Of several classes the most probable one must be the true one; yes and no must lie on the right side of 0.5.
    scikit-learn: accuracy_score.

    Use it where all classes are about as frequent. Avoid it where one class is rare: guessing the others scores well.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    percent: ClassVar[bool] = True
    while_training: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        classes = answer.ndim == target.ndim + 1
        given, true = (answer.argmax(axis=-1), target) if classes else (answer >= 0.5, target >= 0.5)
        return float(np.equal(given, true).mean())

    def sklearn(self, target: Target) -> str:
        return "metrics.accuracy_score(true, said)"
