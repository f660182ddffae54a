"""The loss of questions with the answers yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels.memory import constant
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

    @prepared
    def forward(self, x: Array, target: Array, each: Array, product: Array, losses: Array) -> Run:
        zero = constant(0, x.dtype)

        def run() -> None:
            np.logaddexp(x, zero, each)  # log(1 + exp(x)), which does not overflow
            np.multiply(x, target, product)
            np.subtract(each, product, each)
            mean_of_samples(each, losses)

        return run

    @prepared
    def backward(self, x: Array, target: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / x[0].size, x.dtype)

        def run() -> None:
            _sigmoid(x, grad_x)
            np.subtract(grad_x, target, grad_x)
            np.multiply(grad_x, share, grad_x)

        return run

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
    half = constant(0.5, x.dtype)
    np.multiply(x, half, out)
    np.tanh(out, out)
    np.multiply(out, half, out)
    np.add(out, half, out)
    return out
