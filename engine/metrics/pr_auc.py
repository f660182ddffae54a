"""How well the samples of a class come first."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.kernels.counting import average_precision, mean_of, one_against_rest
from engine.loss import Target
from engine.metric import Metric


class PRAUC(Metric):
    """Area under precision over recall, as average precision: Σ (R - R before) · P over all thresholds.

    Formula: Σ (R - R before) · P over all thresholds.

    Of several classes the mean over those that occur. Telling where a class is rare. scikit-learn: average_precision_score.

    Use it where a class is rare and finding it is what counts. Avoid it to compare data sets in which it is
    differently rare.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        return mean_of(average_precision(scores, positive) for scores, positive in one_against_rest(answer, target))

    def sklearn(self, target: Target) -> str:
        if target == "class":
            return "metrics.average_precision_score(np.eye(answer.shape[1])[true], answer)"
        return "metrics.average_precision_score(true, answer)"
