"""The loss of questions with the answers yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.reductions import mean_of_samples
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target


class BinaryCrossEntropy(Loss):
    """Cross entropy of the sigmoid, for yes or no: -t log σ(x) - (1 - t) log(1 - σ(x)).

    Takes logits, so no Sigmoid belongs before the Output. Several values are several questions, each with its own answer.
    PyTorch: nn.BCEWithLogitsLoss.
    """

    target: ClassVar[Target] = "binary"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"each": Scratch(x), "product": Scratch(x)}

    def forward(self, x: Array, target: Array, each: Array, product: Array, losses: Array) -> None:
        np.logaddexp(x, 0, out=each)  # log(1 + exp(x)), which does not overflow
        np.multiply(x, target, out=product)
        each -= product
        mean_of_samples(each, out=losses)

    def backward(self, x: Array, target: Array, scale: float, grad_x: Array) -> None:
        _sigmoid(x, out=grad_x)
        grad_x -= target
        grad_x *= scale / x[0].size

    def answer(self, x: Array) -> Array:
        return _sigmoid(x, out=np.empty_like(x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self) -> str:
        return "nn.BCEWithLogitsLoss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)


def _sigmoid(x: Array, out: Array) -> Array:
    # tanh costs half of exp and never overflows: σ(x) = tanh(x / 2) / 2 + 1 / 2
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out
