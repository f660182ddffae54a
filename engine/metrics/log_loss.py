"""How surprising the truth is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import rows
from engine.loss import Target
from engine.metric import Metric


class LogLoss(Metric):
    """Mean of -log of the probability that was given to what is true: cross entropy of the answers, in nats.

    Formula: mean of -log p[true].

    scikit-learn: log_loss.

    Use it where probabilities matter, and a sure mistake should cost much. Avoid it where targets contain errors, of
    which each may cost any amount.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class", "binary")
    larger_is_better: ClassVar[bool] = False

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        probabilities, true = rows(answer, target)
        own = np.take_along_axis(probabilities, true[:, None], axis=1)
        least = np.finfo(answer.dtype).eps
        return float(-np.log(np.clip(own, least, 1 - least)).mean())

    def sklearn(self, target: Target) -> str:
        return "metrics.log_loss(true, answer, labels=range(2 if answer.ndim == 1 else answer.shape[1]))"
