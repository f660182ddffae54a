"""What activations that bend each value by itself have in common."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import PIECE, pieces, room
from engine.layer import Pointwise, Scratch


class Curve(Pointwise, abstract=True):
    """An activation y = f(x) on each value, told by its curve and the slope of it."""

    category = "Activation"
    apart = "value"

    def curve(self, x: Array, work: Array, out: Array) -> None:
        """Write f(x); `work` and `out` are like `x` and may be overwritten at will."""
        raise NotImplementedError

    def slope(self, x: Array, work: Array, out: Array) -> None:
        """Write the derivative f'(x)."""
        raise NotImplementedError

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = Scratch((PIECE,), batched=False)
        return {"work": work, "back_work": work}

    def forward(self, x: Array, work: Array, y: Array) -> None:
        for source, out in pieces(x, y):
            self.curve(source, room(work, source), out)

    def backward(self, x: Array, back_work: Array, grad_y: Array, grad_x: Array) -> None:
        for source, grad, out in pieces(x, grad_y, grad_x):
            self.slope(source, room(back_work, source), out)
            np.multiply(out, grad, out=out)
