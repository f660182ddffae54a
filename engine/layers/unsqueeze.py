"""One axis more."""

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


class Unsqueeze(Layer):
    """Puts an axis of size 1 in: a vector becomes a series of one step, or of one feature.

    Formula: (a, b) becomes (a, 1, b), for an axis in the middle.

    ONNX: Unsqueeze. PyTorch: unsqueeze.

    Use it to make a series or an image out of what lacks an axis. Avoid it where the values must be laid out anew:
    Reshape.
    """

    category = "Shape and reduction"
    axis: int = param("Where the new axis stands, counted from 1.", default=1, min=1, max=8)

    def shape(self, x: Shape) -> Shape:
        if self.axis > len(x) + 1:
            last = len(x) + 1
            text = f"Unsqueeze cannot put axis {self.axis} behind {describe(x)}. Choose an axis up to {last}."
            raise ShapeError(text, Change("axis", last))
        return (*x[: self.axis - 1], 1, *x[self.axis - 1 :])

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y.squeeze(self.axis), x)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y.squeeze(self.axis))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Unsqueeze", x, g.constant(np.array([self.axis])))

    def torch(self, x: Shape) -> str:
        return f"x.unsqueeze({self.axis})"

    def summary(self) -> str:
        return f"axis {self.axis}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(axis=3), ((2, 3),))
