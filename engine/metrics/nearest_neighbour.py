"""How often like is next to like."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.loss import Target
from engine.metric import Metric

ROWS = 256  # samples that are compared with all others at once


class NearestNeighbour(Metric):
    """Share of the samples whose nearest other sample has the same label: recall at 1 of embeddings.

    Formula: right / N.

    scikit-learn: KNeighborsClassifier with one neighbour, each sample left out of its own.

    Use it for embeddings that are to find what is alike. Avoid it where some labels have one sample only: theirs are
    always wrong.
    """

    targets: ClassVar[tuple[Target, ...]] = ("label",)
    percent: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        if len(target) < 2:
            return float("nan")
        points = answer.reshape(len(answer), -1).astype(np.float64)
        points -= points.mean(axis=0)
        squares = np.vecdot(points, points)
        right = 0
        for start in range(0, len(points), ROWS):
            part = points[start : start + ROWS]
            apart = squares - 2 * (part @ points.T)  # (rows, N), less what is the same for a row
            rows = np.arange(len(part))
            apart[rows, start + rows] = np.inf
            right += int((target[apart.argmin(axis=1)] == target[start : start + ROWS]).sum())
        return right / len(target)
