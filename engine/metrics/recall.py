"""How much of a class is found."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import share
from engine.metrics.averaged import Averaged


class Recall(Averaged):
    """Of those that are of a class, the share that was said to be: true positives / all true.

    Formula: right / true.

    scikit-learn: recall_score.

    Use it where a miss is expensive: diseases, faults. Avoid it alone: always saying the class scores 1.
    """

    name: ClassVar[str] = "recall_score"

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        return share(right, true)
