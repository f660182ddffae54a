"""An image without its border."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.border import Border
from engine.problems import Change


class Crop(Border):
    """Cuts the border of an image off, so that it fits to a smaller one.

    Formula: y[c, i, j] = x[c, i + top, j + left].

    ONNX: Slice. PyTorch: F.pad with negative widths.

    Use it to fit a larger image to a smaller one before they are joined. Avoid it to make samples look different while
    training: that is augmentation.
    """

    def shape(self, x: Shape) -> Shape:
        self.check_image(x)
        top, bottom, left, right = self.border
        if min(x[1] - top - bottom, x[2] - left - right) < 1:
            raise ShapeError(
                f"Crop leaves nothing of an image of {describe(x[1:])}. Cut less off.", Change("border", (0, 0, 0, 0))
            )
        return (x[0], x[1] - top - bottom, x[2] - left - right)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, self.inside(x))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return in_turn((partial(grad_x.fill, 0), partial(np.copyto, self.inside(grad_x), grad_y)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, height, width = g.shape("x")
        top, bottom, left, right = self.border
        numbers = ([top, left], [height - bottom, width - right], [2, 3])
        return g.op("Slice", x, *(g.constant(np.array(pair)) for pair in numbers))

    def torch(self, x: Shape) -> str:
        top, bottom, left, right = self.border
        return f"F.pad(x, {(-left, -right, -top, -bottom)})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 3),))
        yield Example(cls(border=(0, 1, 2, 0)), ((1, 3, 4),))
