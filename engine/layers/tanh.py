"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels.memory import constant, pieces
from engine.layer import Example, OnnxGraph, Pointwise


class Tanh(Pointwise):
    """Squeezes every value between -1 and 1: y = tanh(x).

    ONNX: Tanh. PyTorch: nn.Tanh.

    Use it where values should stay between -1 and 1, around zero. Avoid it between the layers of a deep network, where
    its gradient fades.
    """

    category = "Activation"
    apart = "value"
    in_place: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        parts = list(pieces(x, y))

        def run() -> None:
            for source, out in parts:
                np.tanh(source, out)

        return run

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        parts, one = list(pieces(y, grad_y, grad_x)), constant(1, y.dtype)

        def run() -> None:
            for value, grad, out in parts:
                np.multiply(value, value, out)
                np.subtract(one, out, out)
                np.multiply(out, grad, out)

        return run

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Tanh", x)

    def torch(self, x: Shape) -> str:
        return "nn.Tanh()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
