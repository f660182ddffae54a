"""The loss of questions with the answers yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid, sigmoid_calls
from engine.kernels.memory import constant
from engine.kernels.reductions import room_for_means, sample_means
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target
from engine.spec import param


class BinaryCrossEntropy(Loss):
    """Cross entropy of the sigmoid, for yes or no: -t log σ(x) - (1 - t) log(1 - σ(x)).

    Formula: -(w t log σ(x) + (1 - t) log(1 - σ(x))).

    Takes logits, so no Sigmoid belongs before the Output. Several values are several questions, each with its own answer.
    With a weight w for yes the first part is -w t log σ(x). PyTorch: nn.BCEWithLogitsLoss.

    Use it for yes or no, and for several questions that do not exclude each other. Avoid it for one class out of
    several: CrossEntropy.
    """

    target: ClassVar[Target] = "binary"
    positive_weight: float = param(
        "How much a yes counts more than a no. Raise it where yes is rare.", default=1.0, min=1e-6, max=1e6
    )

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"each": Scratch(x), "product": Scratch(x)}

    @prepared
    def forward(self, x: Array, target: Array, each: Array, product: Array, losses: Array) -> Run:
        each = room_for_means(losses, each)
        return in_turn((*self._each(x, target, each, product), sample_means(each, losses)))

    def _each(self, x: Array, target: Array, each: Array, product: Array) -> Iterator[Run]:
        yield partial(np.logaddexp, x, constant(0, x.dtype), each)  # log(1 + exp(x)), which does not overflow
        yield partial(np.multiply, x, target, product)
        yield partial(np.subtract, each, product, each)  # -log of the probability of what is true
        if self.positive_weight != 1:
            yield partial(np.multiply, target, self.positive_weight - 1, product)
            yield partial(np.add, product, 1, product)
            yield partial(np.multiply, each, product, each)

    @prepared
    def backward(self, x: Array, target: Array, product: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / x[0].size, x.dtype)
        weigh = [partial(np.multiply, grad_x, product, grad_x)] if self.positive_weight != 1 else []
        error = partial(np.subtract, grad_x, target, grad_x)
        return in_turn((*sigmoid_calls(x, grad_x), error, *weigh, partial(np.multiply, grad_x, share, grad_x)))

    def answer(self, x: Array) -> Array:
        sigmoid(x, out := np.empty_like(x))
        return out

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self) -> str:
        if self.positive_weight == 1:
            return "nn.BCEWithLogitsLoss()"
        return f"nn.BCEWithLogitsLoss(pos_weight=torch.tensor({self.positive_weight}, dtype=torch.float64))"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(), (2, 3)
        yield cls(positive_weight=2.3), (3,)
