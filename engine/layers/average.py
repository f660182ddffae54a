"""The mean of branches."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.broadcast import gathering, joining, room_for, together
from engine.kernels.memory import constant, shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Branches


class Average(Branches):
    """Takes the mean of branches value by value: y = (x1 + x2 + …) / n.

    An axis of size 1 is repeated. ONNX: Mean. PyTorch: + and /.

    Use it to let several branches vote, or to join a shortcut without a larger spread. Avoid it where one branch
    should count more: a Dense behind Concatenate learns the weights.
    """

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        calls: list[Run] = []
        for *parts, out in together(*x, y):
            calls += joining(np.add, parts, out)
            calls.append(partial(np.multiply, out, constant(1 / len(x), y.dtype), out))
        return in_turn(calls)

    @prepared
    def backward(self, work: Array, grad_y: Array, grad_x: tuple[Array | None, ...]) -> Run:
        share, calls = constant(1 / len(grad_x), grad_y.dtype), list[Run]()
        for grad in grad_x:
            if grad is not None:
                whole = room_for(grad, shaped_like(grad_y, work))
                calls += (partial(np.multiply, source, share, out) for source, out in together(grad_y, whole))
                calls += gathering(whole, grad)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op("Mean", *x)

    def torch(self, *x: Shape) -> str:
        return f"({' + '.join(self.ports())}) / {self.inputs}"
