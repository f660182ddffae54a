"""How often an answer is right, all classes alike."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import confusion
from engine.loss import Target
from engine.metric import Metric


class BalancedAccuracy(Metric):
    """Mean over the classes of the share of each that is found, so that rare ones count as much as frequent ones.

    Formula: mean over the classes of right / true.

    scikit-learn: balanced_accuracy_score.

    Use it where classes are of uneven size and all count the same. Avoid it where errors should count as often as they
    occur.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    percent: ClassVar[bool] = True
    while_training: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        counts = confusion(answer, target)
        true = counts.sum(axis=1)
        return float((np.diagonal(counts)[true > 0] / true[true > 0]).mean())

    def sklearn(self, target: Target) -> str:
        return "metrics.balanced_accuracy_score(true, said)"
