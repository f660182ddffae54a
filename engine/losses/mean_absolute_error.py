"""The loss of regression that treats all errors alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import constant
from engine.kernels.reductions import room_for_means, sample_means
from engine.layer import Scratch
from engine.loss import Loss


class MeanAbsoluteError(Loss):
    """Mean absolute error: the mean of |x - target|.

    Formula: mean of |x - t|.

    It leads to the median of what is possible, so that single outliers hardly count. PyTorch: nn.L1Loss.

    Use it for numbers with outliers, or where the median is the answer. Avoid it where large errors must be avoided:
    MeanSquaredError.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"difference": Scratch(x), "size": Scratch(x)}

    @prepared
    def forward(self, x: Array, target: Array, difference: Array, size: Array, losses: Array) -> Run:
        size = room_for_means(losses, size)
        differ = partial(np.subtract, x, target, difference)
        return in_turn((differ, partial(np.abs, difference, size), sample_means(size, losses)))

    @prepared
    def backward(self, difference: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / difference[0].size, difference.dtype)
        return in_turn((partial(np.sign, difference, grad_x), partial(np.multiply, grad_x, share, grad_x)))

    def torch(self) -> str:
        return "nn.L1Loss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
