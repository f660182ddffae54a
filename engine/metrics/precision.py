"""How far a class can be believed."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import share
from engine.metrics.averaged import Averaged


class Precision(Averaged):
    """Of those that were said to be of a class, the share that is: true positives / all said.

    Formula: right / said.

    scikit-learn: precision_score.

    Use it where false alarms are expensive. Avoid it alone: saying a class once, and rightly, scores 1.
    """

    name: ClassVar[str] = "precision_score"

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        return share(right, said)
