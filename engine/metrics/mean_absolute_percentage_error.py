"""How far off answers are, as a share of the truth."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric


class MeanAbsolutePercentageError(Metric):
    """Mean of |answer - target| / |target|: 0.1 is a tenth off. Of little use where targets come near zero.

    Formula: mean of |answer - target| / |target|.

    scikit-learn: mean_absolute_percentage_error.

    Use it where targets are of very different size. Avoid it where targets come near zero.
    """

    larger_is_better: ClassVar[bool] = False

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        true = target.reshape(len(target), -1).astype(np.float64)
        error = true - answer.reshape(true.shape)
        return float((np.abs(error) / np.maximum(np.abs(true), np.finfo(np.float64).eps)).mean())

    def sklearn(self, target: Target) -> str:
        return "metrics.mean_absolute_percentage_error(true, said)"
