"""How far off answers are, large errors first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric


class RootMeanSquaredError(Metric):
    """Root of the mean squared distance, in the target's unit; of several values the mean of their roots.

    Formula: √(mean of (answer - target)²).

    scikit-learn: root_mean_squared_error.

    Use it for numbers, where large errors matter most. Avoid it where some targets are wrong: MeanAbsoluteError.
    """

    larger_is_better: ClassVar[bool] = False

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        true = target.reshape(len(target), -1).astype(np.float64)
        error = true - answer.reshape(true.shape)
        return float(np.sqrt(np.square(error).mean(axis=0)).mean())

    def sklearn(self, target: Target) -> str:
        return "metrics.root_mean_squared_error(true, said)"
