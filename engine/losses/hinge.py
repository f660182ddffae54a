"""The loss of support vector machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.curves import sigmoid
from engine.kernels.reductions import mean_of_samples
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

    def forward(self, x: Array, target: Array, side: Array, margin: Array, losses: Array) -> None:
        np.multiply(target, 2, out=side)
        side -= 1
        np.multiply(side, x, out=margin)
        np.subtract(1, margin, out=margin)
        np.maximum(margin, 0, out=margin)
        mean_of_samples(margin, out=losses)

    def backward(self, side: Array, margin: Array, scale: float, grad_x: Array) -> None:
        np.greater(margin, 0, out=grad_x)
        np.multiply(grad_x, side, out=grad_x)
        np.multiply(grad_x, -scale / side[0].size, out=grad_x)

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
