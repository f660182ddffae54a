"""Precision and recall in one number."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import share
from engine.metrics.averaged import Averaged


class F1(Averaged):
    """Harmonic mean of precision and recall: 2 · right / (said + true).

    Formula: 2 · precision · recall / (precision + recall).

    scikit-learn: f1_score.

    Use it where a rare class must be found without too many false alarms. Avoid it where one of both errors costs
    more: look at Precision and Recall.
    """

    while_training: ClassVar[bool] = True
    name: ClassVar[str] = "f1_score"

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        return share(2 * right, said + true)
