"""The product of branches."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.broadcast import gather_back, room_for
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Branches


class Multiply(Branches):
    """Multiplies branches value by value, as a gate does: y = x1 · x2 · ….

    An axis of size 1 is repeated: one weight for each channel (C × 1 × 1) weighs a whole image. ONNX: Mul. PyTorch: *.

    Use it for gates: one branch says how much of the other passes. Avoid it on branches that are both unbounded, whose
    product explodes.
    """

    def forward(self, x: tuple[Array, ...], y: Array) -> None:
        np.multiply(x[0], x[1], out=y)
        for other in x[2:]:
            np.multiply(y, other, out=y)

    def backward(self, x: tuple[Array, ...], work: Array, grad_y: Array, grad_x: tuple[Array | None, ...]) -> None:
        for place, grad in enumerate(grad_x):
            if grad is None:
                continue
            whole = room_for(grad, shaped_like(grad_y, work))
            first, *others = (value for i, value in enumerate(x) if i != place)
            np.multiply(grad_y, first, out=whole)
            for other in others:
                np.multiply(whole, other, out=whole)
            gather_back(whole, grad)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return reduce(lambda a, b: g.op("Mul", a, b), x)

    def torch(self, *x: Shape) -> str:
        return " * ".join(self.ports())
