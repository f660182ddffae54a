"""The rectifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Example, OnnxGraph, Pointwise


class ReLU(Pointwise):
    """Keeps what is positive and turns the rest into zero: y = max(x, 0).

    Nair and Hinton, 2010. ONNX: Relu. PyTorch: nn.ReLU.
    """

    category = "Activation"

    def forward(self, x: Array, y: Array) -> None:
        np.maximum(x, 0, out=y)

    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> None:
        np.greater(y, 0, out=grad_x)
        grad_x *= grad_y

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Relu", x)

    def torch(self, x: Shape) -> str:
        return "nn.ReLU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
