"""What precision, recall and F1 have in common: a score of each class, and how they become one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import confusion, has_classes, there
from engine.loss import Target
from engine.metric import Metric
from engine.spec import param


class Averaged(Metric, abstract=True):
    """A score made of the right, the said and the true samples of a class. Of yes or no it is that of yes."""

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    percent: ClassVar[bool] = True
    name: ClassVar[str]  # scikit-learn's
    average: str = param(
        "Of several classes: the mean of all (macro), by how often they are true (weighted), or of all samples (micro).",
        default="macro",
        choices=("macro", "weighted", "micro"),
    )

    def of_counts(self, right: Array, said: Array, true: Array) -> Array:
        """Return the score from the counts of each class."""
        raise NotImplementedError

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        counts = confusion(answer, target)
        right, said, true = np.diagonal(counts).copy(), counts.sum(axis=0), counts.sum(axis=1)
        if not has_classes(answer, target):
            return float(self.of_counts(right, said, true)[1])
        if self.average == "micro":
            return float(self.of_counts(*(sums.sum(keepdims=True) for sums in (right, said, true)))[0])
        each = self.of_counts(right, said, true)
        return float(np.average(each, weights=true if self.average == "weighted" else there(counts)))

    def sklearn(self, target: Target) -> str:
        average = f', average="{self.average}"' if target == "class" else ""
        return f"metrics.{self.name}(true, said{average}, zero_division=0)"
