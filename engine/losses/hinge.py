"""The loss of support vector machines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid
from engine.kernels.memory import bound, constant
from engine.kernels.reductions import sample_means
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target


class Hinge(Loss):
    """Asks yes and no to lie a margin apart: max(0, 1 - s x), where s is 1 for yes and -1 for no.

    Formula: max(0, 1 - s x), where s is 1 for yes and -1 for no.

    What lies beyond the margin costs nothing. The answer is the sigmoid of x, which tells the side but is no probability.
    Cortes and Vapnik, 1995. PyTorch: from F.relu.

    Use it for yes or no, where only the side matters. Avoid it where probabilities are wanted: BinaryCrossEntropy.
    """

    target: ClassVar[Target] = "binary"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"side": Scratch(x), "margin": Scratch(x)}

    @prepared
    def forward(self, x: Array, target: Array, side: Array, margin: Array, losses: Array) -> Run:
        one, two = constant(1, x.dtype), constant(2, x.dtype)
        calls = (
            partial(np.multiply, target, two, side),
            partial(np.subtract, side, one, side),
            partial(np.multiply, side, x, margin),
            partial(np.subtract, one, margin, margin),
            partial(np.maximum, margin, bound(0, margin), out=margin),
        )
        return in_turn((*calls, sample_means(margin, losses)))

    @prepared
    def backward(self, side: Array, margin: Array, scale: float, grad_x: Array) -> Run:
        calls = (
            partial(np.greater, margin, constant(0, margin.dtype), grad_x),
            partial(np.multiply, grad_x, side, grad_x),
            partial(np.multiply, grad_x, constant(-scale / side[0].size, side.dtype), grad_x),
        )
        return in_turn(calls)

    def answer(self, x: Array) -> Array:
        out = np.empty_like(x)
        sigmoid(x, out)
        return out

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self) -> str:
        return "lambda x, target: nn.functional.relu(1 - (2 * target - 1) * x).mean()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
