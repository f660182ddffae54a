"""Numbers as another type would keep them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels.memory import constant
from engine.layer import Example, OnnxGraph, Pointwise
from engine.spec import param

FLOAT = 1  # ONNX's number of the type
TYPES = {"whole numbers": 7, "yes or no": 9}  # INT64, BOOL


class Cast(Pointwise):
    """Makes of every value what another type would keep.

    Formula: y = trunc(x) for whole numbers; y = 1 where x ≠ 0, else 0, for yes or no.

    What follows goes on computing with floating point numbers. The slope of steps is 0, so nothing before it learns.
    ONNX: Cast. PyTorch: trunc, or sign and abs.

    Use it right behind an Input, to drop what a number has behind its point. Avoid it behind layers that must learn.
    """

    category = "Shape and reduction"
    apart = "value"
    to: str = param("The type: whole numbers, or yes (1) and no (0).", default="whole numbers", choices=tuple(TYPES))

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        if self.to == "whole numbers":
            return partial(np.trunc, x, y)
        return partial(np.not_equal, x, constant(0, x.dtype), y)

    @prepared
    def backward(self, grad_x: Array) -> Run:
        return partial(grad_x.fill, 0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Cast", g.op("Cast", x, to=TYPES[self.to]), to=FLOAT)

    def torch(self, x: Shape) -> str:
        return "x.trunc()" if self.to == "whole numbers" else "x.sign().abs()"

    def summary(self) -> str:
        return self.to

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4),))
        yield Example(cls(to="yes or no"), ((2, 3, 3),))
