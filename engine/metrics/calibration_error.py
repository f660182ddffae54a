"""Whether probabilities can be believed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import rows
from engine.loss import Target
from engine.metric import Metric
from engine.spec import param


class CalibrationError(Metric):
    """Mean distance between how sure answers are and how often they are right, in groups of equal sureness.

    Formula: Σ n_b / n · |right_b - sure_b| over groups b of equal sureness.

    Guo et al., 2017. scikit-learn: none.

    Use it where people act on how sure an answer is. Avoid it alone: an answer that always gives the frequency is
    calibrated and useless.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    larger_is_better: ClassVar[bool] = False
    groups: int = param("How many groups of equal width.", default=15, min=1, max=1000, advanced=True)

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        probabilities, true = rows(answer, target)
        sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == true
        group = np.clip(np.ceil(sure * self.groups).astype(np.intp) - 1, 0, self.groups - 1)
        gap = np.bincount(group, weights=sure - right, minlength=self.groups)
        return float(np.abs(gap).sum() / len(true))
