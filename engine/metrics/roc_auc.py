"""How well probabilities put samples into order."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import mean_of, one_against_rest
from engine.loss import Target
from engine.metric import Metric


class ROCAUC(Metric):
    """Chance that a random sample of a class gets a higher probability of it than one of another class: area under the ROC.

    Formula: share of pairs (one of the class, one not) that are in the right order.

    Of several classes the mean over those that occur. 0.5 is guessing. Hanley and McNeil, 1982. scikit-learn: roc_auc_score.

    Use it where a threshold is to be chosen later. Avoid it where the class is very rare: PRAUC tells more.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")

    def watched(self, answer: Array, *, learnt: bool) -> bool:
        return not learnt and answer.shape[-1] <= 2  # sorting all would be felt

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        return mean_of(_area(scores, positive) for scores, positive in one_against_rest(answer, target))

    def sklearn(self, target: Target) -> str:
        if target == "class":
            return 'metrics.roc_auc_score(true, answer, multi_class="ovr")'
        return "metrics.roc_auc_score(true, answer)"


def _area(scores: Array, positive: Array) -> float:
    """Return the area from the ranks of the positive samples; equal scores share their rank."""
    ordered, found = np.sort(scores), np.sort(scores[positive])
    ranks = (np.searchsorted(ordered, found, "left") + np.searchsorted(ordered, found, "right") + 1) / 2
    count = len(found)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))
