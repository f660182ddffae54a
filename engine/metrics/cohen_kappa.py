"""How much better than chance answers are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import confusion
from engine.loss import Target
from engine.metric import Metric


class CohenKappa(Metric):
    """Agreement beyond chance: (right - expected) / (1 - expected). 1 is perfect, 0 what guessing by frequency gives.

    Formula: (right - expected) / (1 - expected).

    Cohen, 1960. scikit-learn: cohen_kappa_score.

    Use it where classes are uneven, and guessing should score 0. Avoid it to compare data sets whose classes are
    distributed differently.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        counts = confusion(answer, target)
        total = counts.sum()
        right, expected = np.trace(counts) / total, counts.sum(axis=0) @ counts.sum(axis=1) / total**2
        return float((right - expected) / (1 - expected)) if expected < 1 else float("nan")

    def sklearn(self, target: Target) -> str:
        return "metrics.cohen_kappa_score(true, said)"
