"""The loss of counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import exp
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import bound, constant
from engine.kernels.reductions import sample_means
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Values

LIMIT = 30.0  # beyond this exp goes on straight: counts end at 10 million million


class Poisson(Loss):
    """For counts, whose spread grows with their mean: exp(x) - target · x; the answer is exp(x).

    Formula: exp(x) - t x.

    What comes in is the logarithm of the expected count. PyTorch: nn.PoissonNLLLoss.

    Use it for counts: visits, calls, cases. Avoid it for numbers that may be negative.
    """

    values: ClassVar[Values] = "counts"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"count": Scratch(x), "each": Scratch(x), "work": Scratch(x)}

    @prepared
    def forward(self, x: Array, target: Array, count: Array, each: Array, work: Array, losses: Array) -> Run:
        calls = (
            partial(np.minimum, x, bound(LIMIT, x), out=work),
            partial(np.exp, work, count),
            partial(np.subtract, x, constant(LIMIT, x.dtype), each),
            partial(np.maximum, each, bound(0, each), out=each),
            partial(np.multiply, each, constant(exp(LIMIT), x.dtype), each),
            partial(np.add, each, count, each),
            partial(np.multiply, target, x, work),
            partial(np.subtract, each, work, each),
        )
        return in_turn((*calls, sample_means(each, losses)))

    @prepared
    def backward(self, count: Array, target: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / count[0].size, count.dtype)
        return in_turn((partial(np.subtract, count, target, grad_x), partial(np.multiply, grad_x, share, grad_x)))

    def answer(self, x: Array) -> Array:
        return np.exp(np.minimum(x, x.dtype.type(LIMIT)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Exp", g.op("Min", x, g.constant(np.float32(LIMIT))))

    def torch(self) -> str:
        return "nn.PoissonNLLLoss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
