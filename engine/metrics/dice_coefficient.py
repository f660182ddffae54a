"""How well masks overlap."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import share
from engine.metrics.averaged import Averaged


class DiceCoefficient(Averaged):
    """Twice the intersection over the sum of what was said and what is true, as in images of medicine; equal to F1.

    Formula: 2 · right / (said + true).

    scikit-learn: f1_score.

    Use it for masks in images. Avoid it for rare classes that never occur in some images.
    """

    name: ClassVar[str] = "f1_score"

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        return share(2 * right, said + true)
