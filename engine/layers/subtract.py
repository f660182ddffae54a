"""The difference of two branches."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.broadcast import gathering, room_for, together
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Pair


class Subtract(Pair):
    """Takes the second branch away from the first, value by value: y = x1 - x2.

    An axis of size 1 is repeated. ONNX: Sub. PyTorch: -.

    Use it where the difference of two branches matters: before and after, this and that. Avoid it where a Dense may
    find the weights itself: Concatenate.
    """

    @prepared
    def forward(self, x1: Array, x2: Array, y: Array) -> Run:
        return in_turn(partial(np.subtract, *part) for part in together(x1, x2, y))

    @prepared
    def backward(self, work: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None) -> Run:
        calls: list[Run] = []
        if grad_x1 is not None:
            whole = room_for(grad_x1, shaped_like(grad_y, work))
            calls += (partial(np.copyto, out, grad) for grad, out in together(grad_y, whole))
            calls += gathering(whole, grad_x1)
        if grad_x2 is not None:
            whole = room_for(grad_x2, shaped_like(grad_y, work))
            calls += (partial(np.negative, grad, out) for grad, out in together(grad_y, whole))
            calls += gathering(whole, grad_x2)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("Sub", x1, x2)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return "x1 - x2"
