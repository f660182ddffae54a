"""The loss of regression."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import constant
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

    @prepared
    def forward(self, x: Array, target: Array, difference: Array, losses: Array) -> Run:
        rows = difference.reshape(len(x), -1)
        count = constant(rows.shape[1], x.dtype)
        return in_turn(
            (
                partial(np.subtract, x, target, difference),
                partial(np.vecdot, rows, rows, losses),  # (N, D) . (N, D) -> (N,)
                partial(np.divide, losses, count, losses),
            )
        )

    @prepared
    def backward(self, difference: Array, scale: float, grad_x: Array) -> Run:
        share = constant(2 * scale / difference[0].size, difference.dtype)
        return partial(np.multiply, difference, share, grad_x)

    def torch(self) -> str:
        return "nn.MSELoss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
