"""The rectifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import pieces, zeros_like
from engine.layer import Example, OnnxGraph, Pointwise


class ReLU(Pointwise):
    """Keeps what is positive and turns the rest into zero: y = max(x, 0).

    Nair and Hinton, 2010. ONNX: Relu. PyTorch: nn.ReLU.
    """

    category = "Activation"

    def forward(self, x: Array, y: Array) -> None:
        for source, out in pieces(x, y):
            np.maximum(source, zeros_like(source), out=out)

    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> None:
        for value, grad, out in pieces(y, grad_y, grad_x):
            np.greater(value, 0, out=out)
            np.multiply(out, grad, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Relu", x)

    def torch(self, x: Shape) -> str:
        return "nn.ReLU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
