"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
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
        return in_turn(partial(np.tanh, source, out) for source, out in pieces(x, y))

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        return in_turn(call for part in pieces(y, grad_y, grad_x) for call in _back(*part))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Tanh", x)

    def torch(self, x: Shape) -> str:
        return "nn.Tanh()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))


def _back(y: Array, grad_y: Array, grad_x: Array) -> Iterator[Run]:
    yield partial(np.multiply, y, y, grad_x)
    yield partial(np.subtract, constant(1, y.dtype), grad_x, grad_x)
    yield partial(np.multiply, grad_x, grad_y, grad_x)
