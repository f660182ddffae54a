"""What Maximum and Minimum have in common."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.broadcast import gathering, joining, room_for, together
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

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        return in_turn(call for *parts, out in together(*x, y) for call in joining(type(self).choose, parts, out))

    @prepared
    def backward(
        self,
        x: tuple[Array, ...],
        y: Array,
        hit: Array,
        taken: Array,
        work: Array,
        grad_y: Array,
        grad_x: tuple[Array | None, ...],
    ) -> Run:
        new, old, calls = shaped_like(y, hit), shaped_like(y, taken), list[Run]()
        for place, (value, grad) in enumerate(zip(x, grad_x, strict=True)):
            target = None if grad is None else room_for(grad, shaped_like(y, work))
            arrays = (value, y, new, old, grad_y, *([] if target is None else [target]))
            for part in together(*arrays):
                calls += _first(*part[:4]) if place == 0 else _next(*part[:4])
                calls += (partial(np.multiply, part[4], part[2], out) for out in part[5:])
            calls += [] if target is None or grad is None else gathering(target, grad)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op(self.operator, *x)

    def torch(self, *x: Shape) -> str:
        first, *others = self.ports()
        for port in others:
            first = f"{self.function}({first}, {port})"
        return first


def _first(value: Array, y: Array, hit: Array, taken: Array) -> Iterator[Run]:
    """Yield calls that find where the first branch is the one that was chosen."""
    yield partial(np.equal, value, y, hit)
    yield partial(np.copyto, taken, hit)


def _next(value: Array, y: Array, hit: Array, taken: Array) -> Iterator[Run]:
    """Yield calls that find where a branch was chosen, and no earlier one."""
    yield partial(np.equal, value, y, hit)
    yield partial(np.greater, hit, taken, hit)
    yield partial(np.logical_or, taken, hit, taken)
