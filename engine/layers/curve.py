"""What activations that bend each value by itself have in common."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import PIECE, pieces, room
from engine.layer import Pointwise, Scratch


class Curve(Pointwise, abstract=True):
    """An activation y = f(x) on each value, told by its curve and the slope of it."""

    category = "Activation"
    apart = "value"

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        """Yield calls that write f(x); `work` and `out` are like `x` and may be overwritten at will."""
        raise NotImplementedError

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        """Yield calls that write the derivative f'(x)."""
        raise NotImplementedError

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = Scratch((PIECE,), batched=False)
        return {"work": work, "back_work": work}

    @prepared
    def forward(self, x: Array, work: Array, y: Array) -> Run:
        return in_turn(call for source, out in pieces(x, y) for call in self.curve(source, room(work, source), out))

    @prepared
    def backward(self, x: Array, back_work: Array, grad_y: Array, grad_x: Array) -> Run:
        calls: list[Run] = []
        for source, grad, out in pieces(x, grad_y, grad_x):
            calls += (*self.slope(source, room(back_work, source), out), partial(np.multiply, out, grad, out))
        return in_turn(calls)
