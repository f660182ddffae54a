"""The smooth relative of the absolute error."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.reductions import mean_of_samples
from engine.layer import Scratch
from engine.loss import Loss


class LogCosh(Loss):
    """Mean of log cosh(x - target): squared near the target, straight far from it, smooth everywhere.

    Formula: log cosh(x - t) = |d| + log(1 + exp(-2 |d|)) - log 2, with d = x - t.

    The second form does not overflow. PyTorch: from F.softplus.

    Use it for numbers with outliers, where a smooth slope is wanted and no δ to choose. Avoid it where the change from
    square to straight should lie elsewhere: Huber.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"difference": Scratch(x), "each": Scratch(x), "size": Scratch(x)}

    def forward(self, x: Array, target: Array, difference: Array, each: Array, size: Array, losses: Array) -> None:
        np.subtract(x, target, out=difference)
        np.abs(difference, out=size)
        np.multiply(size, -2, out=each)
        np.exp(each, out=each)
        np.log1p(each, out=each)
        each += size
        each -= log(2)
        mean_of_samples(each, out=losses)

    def backward(self, difference: Array, scale: float, grad_x: Array) -> None:
        np.tanh(difference, out=grad_x)
        np.multiply(grad_x, scale / difference[0].size, out=grad_x)

    def torch(self) -> str:
        each = f"d + nn.functional.softplus(-2 * d) - {log(2)}"
        return f"lambda x, target: (lambda d: ({each}).mean())((x - target).abs())"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
