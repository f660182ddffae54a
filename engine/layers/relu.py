"""The rectifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels.memory import constant, pieces, zeros_like
from engine.layer import Example, OnnxGraph, Pointwise


class ReLU(Pointwise):
    """Keeps what is positive and turns the rest into zero: y = max(x, 0).

    Nair and Hinton, 2010. ONNX: Relu. PyTorch: nn.ReLU.

    Use it behind convolutions and Dense layers: the first choice. Avoid it before the Output, and where many units
    have died: take LeakyReLU.
    """

    category = "Activation"
    apart = "value"
    in_place: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        parts = [(source, zeros_like(source), out) for source, out in pieces(x, y)]

        def run() -> None:
            for source, zeros, out in parts:
                np.maximum(source, zeros, out=out)

        return run

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        parts, zero = list(pieces(y, grad_y, grad_x)), constant(0, y.dtype)

        def run() -> None:
            for value, grad, out in parts:
                np.greater(value, zero, out=out)
                np.multiply(out, grad, out)

        return run

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Relu", x)

    def torch(self, x: Shape) -> str:
        return "nn.ReLU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
