"""The smooth relative of the absolute error."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import log

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import constant
from engine.kernels.reductions import sample_means
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

    @prepared
    def forward(self, x: Array, target: Array, difference: Array, each: Array, size: Array, losses: Array) -> Run:
        calls = (
            partial(np.subtract, x, target, difference),
            partial(np.abs, difference, size),
            partial(np.multiply, size, constant(-2, x.dtype), each),
            partial(np.exp, each, each),
            partial(np.log1p, each, each),
            partial(np.add, each, size, each),
            partial(np.subtract, each, constant(log(2), x.dtype), each),
        )
        return in_turn((*calls, sample_means(each, losses)))

    @prepared
    def backward(self, difference: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / difference[0].size, difference.dtype)
        return in_turn((partial(np.tanh, difference, grad_x), partial(np.multiply, grad_x, share, grad_x)))

    def torch(self) -> str:
        each = f"d + nn.functional.softplus(-2 * d) - {log(2)}"
        return f"lambda x, target: (lambda d: ({each}).mean())((x - target).abs())"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
