"""What Maximum and Minimum have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.broadcast import gather_back, room_for
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph, Scratch
from engine.layers.branches import Branches


class Extreme(Branches, abstract=True):
    """Of each value the one of the branches that `choose` prefers; of equal ones the first gets the gradient."""

    choose: ClassVar[np.ufunc]
    operator: ClassVar[str]  # ONNX's
    function: ClassVar[str]  # PyTorch's

    def scratch(self, *x: Shape) -> dict[str, Scratch]:
        flags = Scratch(self.shape(*x), dtype="bool")
        return super().scratch(*x) | {"hit": flags, "taken": flags}

    def forward(self, x: tuple[Array, ...], y: Array) -> None:
        type(self).choose(x[0], x[1], out=y)
        for other in x[2:]:
            type(self).choose(y, other, out=y)

    def backward(
        self,
        x: tuple[Array, ...],
        y: Array,
        hit: Array,
        taken: Array,
        work: Array,
        grad_y: Array,
        grad_x: tuple[Array | None, ...],
    ) -> None:
        new, old = shaped_like(y, hit), shaped_like(y, taken)
        old[...] = False
        for value, grad in zip(x, grad_x, strict=True):
            np.equal(value, y, out=new)
            np.greater(new, old, out=new)  # equal, and no earlier branch was
            np.logical_or(old, new, out=old)
            if grad is not None:
                whole = room_for(grad, shaped_like(y, work))
                np.multiply(grad_y, new, out=whole)
                gather_back(whole, grad)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op(self.operator, *x)

    def torch(self, *x: Shape) -> str:
        first, *others = self.ports()
        for port in others:
            first = f"{self.function}({first}, {port})"
        return first
