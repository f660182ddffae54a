"""How often the truth is among the likeliest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import rows
from engine.loss import Target
from engine.metric import Metric
from engine.spec import param


class TopK(Metric):
    """Share of the answers in which the true class is among the k most probable ones. Not defined for k classes or fewer.

    Formula: share of samples whose true class is among the k largest.

    scikit-learn: top_k_accuracy_score.

    Use it with many classes that are much alike. Avoid it with few classes, where it is soon 1.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class",)
    percent: ClassVar[bool] = True
    k: int = param("How many classes may be named.", default=5, min=1, max=1000)

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        if answer.shape[-1] <= self.k:
            return float("nan")
        probabilities, true = rows(answer, target)
        own = np.take_along_axis(probabilities, true[:, None], axis=1)
        return float(((probabilities > own).sum(axis=1) < self.k).mean())

    def sklearn(self, target: Target) -> str:
        return f"metrics.top_k_accuracy_score(true, answer, k={self.k}, labels=range(answer.shape[1]))"
