"""How answers and truth go together."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import confusion
from engine.loss import Target
from engine.metric import Metric


class MatthewsCorrelation(Metric):
    """Correlation between said and true classes: 1 is perfect, 0 no better than chance, also where classes are uneven.

    Formula: (right · all - Σ said · true) / √((all² - Σ said²) (all² - Σ true²)).

    Matthews, 1975; Gorodkin, 2004. scikit-learn: matthews_corrcoef.

    Use it where classes are very uneven and one number should tell. Avoid it to explain a result to people who expect
    a share.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        counts = confusion(answer, target)
        said, true, total = counts.sum(axis=0), counts.sum(axis=1), counts.sum()
        spread = np.sqrt((total**2 - said @ said) * (total**2 - true @ true))
        return float((np.trace(counts) * total - said @ true) / spread) if spread else 0.0

    def sklearn(self, target: Target) -> str:
        return "metrics.matthews_corrcoef(true, said)"
