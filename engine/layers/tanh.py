"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import pieces
from engine.layer import Example, OnnxGraph, Pointwise


class Tanh(Pointwise):
    """Squeezes every value between -1 and 1: y = tanh(x).

    ONNX: Tanh. PyTorch: nn.Tanh.
    """

    category = "Activation"

    def forward(self, x: Array, y: Array) -> None:
        for source, out in pieces(x, y):
            np.tanh(source, out=out)

    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> None:
        for value, grad, out in pieces(y, grad_y, grad_x):
            np.multiply(value, value, out=out)
            np.subtract(1, out, out=out)
            np.multiply(out, grad, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Tanh", x)

    def torch(self, x: Shape) -> str:
        return "nn.Tanh()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
