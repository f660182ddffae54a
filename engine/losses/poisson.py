"""The loss of counts."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.reductions import mean_of_samples
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

    def forward(self, x: Array, target: Array, count: Array, each: Array, work: Array, losses: Array) -> None:
        np.minimum(x, LIMIT, out=work)
        np.exp(work, out=count)
        np.subtract(x, LIMIT, out=each)
        np.maximum(each, 0, out=each)
        np.multiply(each, exp(LIMIT), out=each)
        each += count
        np.multiply(target, x, out=work)
        each -= work
        mean_of_samples(each, out=losses)

    def backward(self, count: Array, target: Array, scale: float, grad_x: Array) -> None:
        np.subtract(count, target, out=grad_x)
        np.multiply(grad_x, scale / count[0].size, out=grad_x)

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
