"""The loss of regression that treats all errors alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.reductions import mean_of_samples
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

    def forward(self, x: Array, target: Array, difference: Array, size: Array, losses: Array) -> None:
        np.subtract(x, target, out=difference)
        np.abs(difference, out=size)
        mean_of_samples(size, out=losses)

    def backward(self, difference: Array, scale: float, grad_x: Array) -> None:
        np.sign(difference, out=grad_x)
        np.multiply(grad_x, scale / difference[0].size, out=grad_x)

    def torch(self) -> str:
        return "nn.L1Loss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
