"""The product of branches."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.broadcast import gathering, joining, room_for, together
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Branches


class Multiply(Branches):
    """Multiplies branches value by value, as a gate does: y = x1 · x2 · ….

    An axis of size 1 is repeated: one weight for each channel (C × 1 × 1) weighs a whole image. ONNX: Mul. PyTorch: *.

    Use it for gates: one branch says how much of the other passes. Avoid it on branches that are both unbounded, whose
    product explodes.
    """

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        return in_turn(call for *parts, out in together(*x, y) for call in joining(np.multiply, parts, out))

    @prepared
    def backward(self, x: tuple[Array, ...], work: Array, grad_y: Array, grad_x: tuple[Array | None, ...]) -> Run:
        calls: list[Run] = []
        for place, grad in enumerate(grad_x):
            if grad is not None:
                whole = room_for(grad, shaped_like(grad_y, work))
                others = x[:place] + x[place + 1 :]
                for *parts, out in together(grad_y, *others, whole):
                    calls += joining(np.multiply, parts, out)
                calls += gathering(whole, grad)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return reduce(lambda a, b: g.op("Mul", a, b), x)

    def torch(self, *x: Shape) -> str:
        return " * ".join(self.ports())
