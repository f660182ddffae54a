"""The loss of regression."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Scratch
from engine.loss import Loss


class MeanSquaredError(Loss):
    """Mean squared error: the mean of (x - target)².

    Formula: mean of (x - t)².

    A single value that is far off weighs more than many small errors. PyTorch: nn.MSELoss.

    Use it for numbers: the first choice. Avoid it where some targets are far off or wrong: Huber or MeanAbsoluteError.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"difference": Scratch(x)}

    def forward(self, x: Array, target: Array, difference: Array, losses: Array) -> None:
        np.subtract(x, target, out=difference)
        rows = difference.reshape(len(x), -1)
        np.vecdot(rows, rows, out=losses)  # (N, D) . (N, D) -> (N,)
        losses /= rows.shape[1]

    def backward(self, difference: Array, scale: float, grad_x: Array) -> None:
        np.multiply(difference, 2 * scale / difference[0].size, out=grad_x)

    def torch(self) -> str:
        return "nn.MSELoss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
