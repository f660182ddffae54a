"""Two axes that change places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, Layer, OnnxGraph
from engine.layers.along_axis import check_axis
from engine.spec import param


class Transpose(Layer):
    """Lets two axes of a sample change places: rows become columns.

    Formula: y[…, j, …, i, …] = x[…, i, …, j, …].

    ONNX: Transpose. PyTorch: transpose.

    Use it to exchange steps and features, or rows and columns. Avoid it for more than two axes: Permute does them at
    once.
    """

    category = "Shape and reduction"
    first: int = param("One axis, counted from 1.", default=1, min=1, max=8)
    second: int = param("The other axis.", default=2, min=1, max=8)

    def _order(self, x: Shape) -> list[int]:
        order = list(range(len(x) + 1))
        order[self.first], order[self.second] = self.second, self.first
        return order

    def shape(self, x: Shape) -> Shape:
        check_axis("Transpose", self.first, x, "first")
        check_axis("Transpose", self.second, x, "second")
        return tuple(x[axis - 1] for axis in self._order(x)[1:])

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x.swapaxes(self.first, self.second))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y.swapaxes(self.first, self.second))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Transpose", x, perm=self._order(g.shape("x")))

    def torch(self, x: Shape) -> str:
        return f"x.transpose({self.first}, {self.second})"

    def summary(self) -> str:
        return f"{self.first} ↔ {self.second}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4),))
        yield Example(cls(first=3, second=1), ((2, 3, 4),))
