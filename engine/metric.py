"""The contract of metrics: one number that tells a person how good the answers are."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array
from engine.loss import Target
from engine.spec import Spec


class Metric(Spec, family=True):
    """Scores answers (N, ...) against targets, as a `Loss` has them; values are in the target's own unit."""

    targets: ClassVar[tuple[Target, ...]] = ("value",)
    larger_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = False  # shown as 97.8 % rather than 0.978
    while_training: ClassVar[bool] = False  # cheap and telling enough to be watched in every epoch

    def watched(self, answer: Array, *, learnt: bool) -> bool:
        """Tell whether such answers are scored in every epoch: of the samples that are `learnt` from, or kept back."""
        return self.while_training

    def score(self, answer: Array, target: Array) -> float:
        """Return the score over all samples; NaN where it is not defined."""
        raise NotImplementedError

    def sklearn(self, target: Target) -> str:
        """Return scikit-learn's expression for targets of a kind, "" where it has none.

        Known names: metrics; `true` and `said`, class numbers (N,) or values (N, D); `answer`, the probabilities.
        """
        return ""
