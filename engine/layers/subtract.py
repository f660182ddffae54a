"""The difference of two branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.broadcast import gather_back, room_for
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Pair


class Subtract(Pair):
    """Takes the second branch away from the first, value by value: y = x1 - x2.

    An axis of size 1 is repeated. ONNX: Sub. PyTorch: -.

    Use it where the difference of two branches matters: before and after, this and that. Avoid it where a Dense may
    find the weights itself: Concatenate.
    """

    def forward(self, x1: Array, x2: Array, y: Array) -> None:
        np.subtract(x1, x2, out=y)

    def backward(self, work: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None) -> None:
        for grad, sign in ((grad_x1, 1), (grad_x2, -1)):
            if grad is not None:
                whole = room_for(grad, shaped_like(grad_y, work))
                np.multiply(grad_y, sign, out=whole)
                gather_back(whole, grad)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("Sub", x1, x2)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return "x1 - x2"
