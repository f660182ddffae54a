"""How much of a target's variation the answers explain."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric


class R2(Metric):
    """Coefficient of determination: R² = 1 - Σ(target - answer)² / Σ(target - mean)². 1 is perfect, 0 no better than the mean.

    Of several values it is the mean over those that vary; it is not defined where none does. scikit-learn: r2_score.

    Use it for numbers, to compare tasks of different units. Avoid it where the targets hardly vary.
    """

    while_training: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        true = target.reshape(len(target), -1).astype(np.float64)
        spread = np.square(true - true.mean(axis=0)).sum(axis=0)
        error = np.square(true - answer.reshape(true.shape)).sum(axis=0)
        varied = spread > 0
        return float((1 - error[varied] / spread[varied]).mean()) if varied.any() else float("nan")

    def sklearn(self, target: Target) -> str:
        return "metrics.r2_score(true, said)"
