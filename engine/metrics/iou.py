"""How well regions overlap."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import share
from engine.metrics.averaged import Averaged


class IoU(Averaged):
    """Intersection over union of what was said and what is true: right / (said + true - right).

    Formula: right / (said + true - right).

    scikit-learn: jaccard_score.

    Use it for masks: stricter than the Dice coefficient. Avoid it for single answers, where F1 says the same more
    plainly.
    """

    name: ClassVar[str] = "jaccard_score"

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        return share(right, said + true - right)
