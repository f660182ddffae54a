"""How well the samples of every class, or with every label, come first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import average_precision, has_classes
from engine.loss import Target
from engine.metric import Metric
from engine.spec import param


class MeanAveragePrecision(Metric):
    """Mean over classes or labels of the average precision.

    Formula: mean over labels of Σ (R - R before) · P, over all thresholds.

    Formula: mean over classes of Σ (R - R before) · P over all thresholds.

    Of several classes each is taken against the rest. Of several yes and no each value is a label of its own, the channels
    of an image too; those that no sample has are left out. scikit-learn: average_precision_score.

    Use it where samples have several labels, or some classes are rare. Avoid it where one threshold is fixed: take F1.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    average: str = param(
        "The mean over all labels (macro), by how often they are true (weighted), or of all answers together (micro).",
        default="macro",
        choices=("macro", "weighted", "micro"),
    )

    def score(self, answer: Array, target: Array) -> float:
        scores, true = _labels(answer, target)
        if self.average == "micro":
            scores, true = scores.reshape(-1, 1), true.reshape(-1, 1)
        counts = true.sum(axis=0)
        present = np.flatnonzero(counts)
        if not present.size:
            return float("nan")
        each = [average_precision(scores[:, label], true[:, label]) for label in present]
        return float(np.average(each, weights=counts[present] if self.average == "weighted" else None))

    def sklearn(self, target: Target) -> str:
        labels = "np.eye(answer.shape[1])[true]" if target == "class" else "true"
        return f'metrics.average_precision_score({labels}, answer, average="{self.average}")'


def _labels(answer: Array, target: Array) -> tuple[Array, Array]:
    """Return the scores of each label (n, K) in float64, and which are true."""
    if has_classes(answer, target):
        scores = answer.reshape(-1, answer.shape[-1])
        true = target.reshape(-1, 1) == np.arange(scores.shape[1])
    else:
        axis = 1 if answer.ndim == 4 else -1
        scores, yes = (np.moveaxis(array, axis, -1) for array in (answer, target))
        scores, true = (array.reshape(-1, array.shape[-1]) for array in (scores, yes >= 0.5))
    return scores.astype(np.float64), true
