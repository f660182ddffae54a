"""The rectifier."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import bound, constant, pieces
from engine.layer import Example, OnnxGraph, Pointwise


class ReLU(Pointwise):
    """Keeps what is positive and turns the rest into zero: y = max(x, 0).

    Nair and Hinton, 2010. ONNX: Relu. PyTorch: nn.ReLU.

    Use it behind convolutions and Dense layers: the first choice. Avoid it before the Output, and where many units
    have died: take LeakyReLU.
    """

    category = "Activation"
    never_negative = True
    apart = "value"
    in_place: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        parts = pieces(x, y)
        return in_turn(partial(np.maximum, source, bound(0, source), out=out) for source, out in parts)

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        return in_turn(call for part in pieces(y, grad_y, grad_x) for call in _back(*part))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Relu", x)

    def torch(self, x: Shape) -> str:
        return "nn.ReLU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))


def _back(y: Array, grad_y: Array, grad_x: Array) -> Iterator[Run]:
    yield partial(np.greater, y, constant(0, y.dtype), grad_x)
    yield partial(np.multiply, grad_x, grad_y, grad_x)
