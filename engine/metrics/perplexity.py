"""Between how many classes answers waver."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.counting import rows
from engine.loss import Target
from engine.metric import Metric


class Perplexity(Metric):
    """Exponential of the log loss: the number of equally likely classes that would be as surprising. For language models.

    Formula: exp(mean of -log p[true]).

    scikit-learn: from log_loss.

    Use it for language models. Avoid it to compare vocabularies of different size.
    """

    targets: ClassVar[tuple[Target, ...]] = ("class",)
    larger_is_better: ClassVar[bool] = False

    def score(self, answer: Array, target: Array) -> float:
        if not target.size:
            return float("nan")
        probabilities, true = rows(answer, target)
        own = np.take_along_axis(probabilities, true[:, None], axis=1)
        least = np.finfo(answer.dtype).eps
        return float(np.exp(-np.log(np.clip(own, least, 1 - least)).mean()))

    def sklearn(self, target: Target) -> str:
        return "np.exp(metrics.log_loss(true, answer, labels=range(answer.shape[1])))"
