"""How well the samples of a class come first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import mean_of, one_against_rest
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
        return mean_of(_precision(scores, positive) for scores, positive in one_against_rest(answer, target))

    def sklearn(self, target: Target) -> str:
        if target == "class":
            return "metrics.average_precision_score(np.eye(answer.shape[1])[true], answer)"
        return "metrics.average_precision_score(true, answer)"


def _precision(scores: Array, positive: Array) -> float:
    """Return the average precision; equal scores make one threshold."""
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.cumsum(positive[order])
    last = np.append(ordered[1:] != ordered[:-1], True)  # where a threshold ends
    found, said = hits[last], np.flatnonzero(last) + 1
    return float((np.diff(found, prepend=0) / hits[-1] * (found / said)).sum())
