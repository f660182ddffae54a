"""The quotient of two branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.broadcast import gather_back, room_for
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Pair


class Divide(Pair):
    """Divides the first branch by the second, value by value: y = x1 / x2.

    Where the second may come near zero the result is not bounded: put a Softplus or a Scale with an offset before it. An
    axis of size 1 is repeated. ONNX: Div. PyTorch: /.

    Use it for shares and rates: one learned amount for each unit of another. Avoid it where the second branch may come
    near zero, unless something bounds it from below.
    """

    def forward(self, x1: Array, x2: Array, y: Array) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):  # the plan finds what is not finite, and names it
            np.divide(x1, x2, out=y)

    def backward(
        self, x2: Array, y: Array, work: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None
    ) -> None:
        if grad_x1 is not None:
            whole = room_for(grad_x1, shaped_like(y, work))
            np.divide(grad_y, x2, out=whole)
            gather_back(whole, grad_x1)
        if grad_x2 is not None:
            whole = room_for(grad_x2, shaped_like(y, work))
            np.multiply(grad_y, y, out=whole)
            np.divide(whole, x2, out=whole)
            np.negative(whole, out=whole)
            gather_back(whole, grad_x2)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("Div", x1, x2)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return "x1 / x2"
