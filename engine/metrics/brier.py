"""How far probabilities are from the truth."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import has_classes, rows
from engine.loss import Target
from engine.metric import Metric


class Brier(Metric):
    """Mean squared distance of the probabilities from 1 for what is true and 0 for the rest; of classes, their sum.

    Formula: mean of Σ (p - t)².

    Brier, 1950. scikit-learn: brier_score_loss.

    Use it where probabilities themselves matter, not only the class. Avoid it to compare tasks with different numbers
    of classes.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    larger_is_better: ClassVar[bool] = False

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        probabilities, true = rows(answer, target)
        own = np.take_along_axis(probabilities, true[:, None], axis=1)[:, 0]
        each = np.square(probabilities).sum(axis=1) - 2 * own + 1
        return float(each.mean()) / (1 if has_classes(answer, target) else 2)

    def sklearn(self, target: Target) -> str:
        return "metrics.brier_score_loss(true, answer, labels=range(2 if answer.ndim == 1 else answer.shape[1]))"
