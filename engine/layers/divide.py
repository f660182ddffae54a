"""The quotient of two branches."""

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


class Divide(Pair):
    """Divides the first branch by the second, value by value: y = x1 / x2.

    Where the second may come near zero the result is not bounded: put a Softplus or a Scale with an offset before it. An
    axis of size 1 is repeated. ONNX: Div. PyTorch: /.

    Use it for shares and rates: one learned amount for each unit of another. Avoid it where the second branch may come
    near zero, unless something bounds it from below.
    """

    @prepared
    def forward(self, x1: Array, x2: Array, y: Array) -> Run:
        return in_turn(partial(np.divide, *part) for part in together(x1, x2, y))

    @prepared
    def backward(
        self, x2: Array, y: Array, work: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None
    ) -> Run:
        calls: list[Run] = []
        if grad_x1 is not None:
            whole = room_for(grad_x1, shaped_like(y, work))
            calls += (partial(np.divide, *part) for part in together(grad_y, x2, whole))
            calls += gathering(whole, grad_x1)
        if grad_x2 is not None:
            whole = room_for(grad_x2, shaped_like(y, work))
            for grad, quotient, divisor, out in together(grad_y, y, x2, whole):
                calls.append(partial(np.multiply, grad, quotient, out))
                calls.append(partial(np.divide, out, divisor, out))
                calls.append(partial(np.negative, out, out))
            calls += gathering(whole, grad_x2)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("Div", x1, x2)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return "x1 / x2"
