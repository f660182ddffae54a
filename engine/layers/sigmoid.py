"""The logistic function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import pieces
from engine.layer import Example, OnnxGraph, Pointwise


class Sigmoid(Pointwise):
    """Squeezes every value between 0 and 1: y = 1 / (1 + exp(-x)).

    Computed as (tanh(x / 2) + 1) / 2, which never overflows. ONNX: Sigmoid. PyTorch: nn.Sigmoid.
    """

    category = "Activation"

    def forward(self, x: Array, y: Array) -> None:
        for source, out in pieces(x, y):
            np.multiply(source, 0.5, out=out)
            np.tanh(out, out=out)
            np.multiply(out, 0.5, out=out)
            np.add(out, 0.5, out=out)

    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> None:
        for value, grad, out in pieces(y, grad_y, grad_x):
            np.subtract(1, value, out=out)
            np.multiply(out, value, out=out)
            np.multiply(out, grad, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self, x: Shape) -> str:
        return "nn.Sigmoid()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
