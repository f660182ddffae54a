"""Axes in another order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.problems import Change
from engine.spec import param


class Permute(Layer):
    """Puts the axes of a sample into another order: 2, 1 makes features × steps out of a series.

    Formula: y[i, j, …] = x in the axes' new order.

    ONNX: Transpose. PyTorch: permute.

    Use it to bring data into the order that the next layer wants. Avoid it for turning values into another shape: that
    is Reshape.
    """

    category = "Dense"
    straight = "passes"
    order: tuple[int, ...] = param("The old axes in their new order, counted from 1.", default=(2, 1), min=1, max=8)

    def shape(self, x: Shape) -> Shape:
        if sorted(self.order) != list(range(1, len(x) + 1)):
            turned = tuple(range(len(x), 0, -1))
            raise ShapeError(
                f"Permute needs each of the {len(x)} axes of {describe(x)} once, not {', '.join(map(str, self.order))}. "
                "Change the order.",
                Change("order", turned),
            )
        return tuple(x[axis - 1] for axis in self.order)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x.transpose(0, *self.order))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x.transpose(0, *self.order), grad_y)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Transpose", x, perm=[0, *self.order])

    def torch(self, x: Shape) -> str:
        return f"x.permute{(0, *self.order)}"

    def summary(self) -> str:
        return ", ".join(map(str, self.order))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4),))
        yield Example(cls(order=(3, 1, 2)), ((2, 3, 4),))
