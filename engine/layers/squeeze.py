"""One axis less."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.along_axis import AlongAxis
from engine.problems import Change


class Squeeze(AlongAxis):
    """Takes an axis of size 1 away.

    Formula: (…, 1, …) becomes (…, …).

    ONNX: Squeeze. PyTorch: squeeze.

    Use it behind layers that leave an axis with one place. Avoid it where the axis may have more places: Reduce or
    Flatten.
    """

    def shape(self, x: Shape) -> Shape:
        size = self.checked(x)
        if size != 1:
            fixes = (Change("axis", x.index(1) + 1),) if 1 in x else ()
            raise ShapeError(f"Squeeze takes an axis of size 1 away, not of size {size}. Choose another axis.", *fixes)
        return (*x[: self.axis - 1], *x[self.axis :])

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x.squeeze(self.axis))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x.squeeze(self.axis), grad_y)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Squeeze", x, g.constant(np.array([self.axis])))

    def torch(self, x: Shape) -> str:
        return f"x.squeeze({self.axis})"

    def summary(self) -> str:
        return f"axis {self.axis}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((1, 4),))
        yield Example(cls(axis=3), ((2, 3, 1),))
