"""How far off an answer is on average."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric


class MeanAbsoluteError(Metric):
    """Mean distance between answer and target, in the target's unit: the mean of |answer - target|.

    Formula: mean of |answer - target|.

    scikit-learn: mean_absolute_error.

    Use it for numbers, in the unit that people know. Avoid it where large errors are what matters:
    RootMeanSquaredError.
    """

    larger_is_better: ClassVar[bool] = False
    while_training: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        return float(np.abs(np.subtract(answer, target, dtype=np.float64)).mean()) if target.size else float("nan")

    def sklearn(self, target: Target) -> str:
        return "metrics.mean_absolute_error(true, said)"
