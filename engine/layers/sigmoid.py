"""The logistic function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels.memory import constant, pieces
from engine.layer import Example, OnnxGraph, Pointwise


class Sigmoid(Pointwise):
    """Squeezes every value between 0 and 1: y = 1 / (1 + exp(-x)).

    Computed as (tanh(x / 2) + 1) / 2, which never overflows. ONNX: Sigmoid. PyTorch: nn.Sigmoid.

    Use it for gates, and where each value is a share of its own. Avoid it between the layers of a deep network, where
    its gradient fades, and before an Output, whose loss takes logits.
    """

    category = "Activation"
    apart = "value"
    in_place: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        parts, half = list(pieces(x, y)), constant(0.5, x.dtype)

        def run() -> None:
            for source, out in parts:
                np.multiply(source, half, out)
                np.tanh(out, out)
                np.multiply(out, half, out)
                np.add(out, half, out)

        return run

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        parts, one = list(pieces(y, grad_y, grad_x)), constant(1, y.dtype)

        def run() -> None:
            for value, grad, out in parts:
                np.subtract(one, value, out)
                np.multiply(out, value, out)
                np.multiply(out, grad, out)

        return run

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self, x: Shape) -> str:
        return "nn.Sigmoid()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
