"""Zeros around an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Example, OnnxGraph
from engine.layers.border import Border


class ZeroPad(Border):
    """Puts zeros around an image.

    Formula: y[c, i + top, j + left] = x[c, i, j], and 0 elsewhere.

    ONNX: Pad. PyTorch: nn.ZeroPad2d.

    Use it before a "valid" convolution with uneven borders. Avoid it where a convolution's own padding does the same.
    """

    def shape(self, x: Shape) -> Shape:
        self.check_image(x)
        top, bottom, left, right = self.border
        return (x[0], top + x[1] + bottom, left + x[2] + right)

    def forward(self, x: Array, y: Array) -> None:
        y[...] = 0
        self.inside(y)[...] = x

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        grad_x[...] = self.inside(grad_y)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        top, bottom, left, right = self.border
        return g.op("Pad", x, g.constant(np.array([0, 0, top, left, 0, 0, bottom, right])))

    def torch(self, x: Shape) -> str:
        top, bottom, left, right = self.border
        return f"nn.ZeroPad2d({(left, right, top, bottom)})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 2, 3),))
        yield Example(cls(border=(0, 1, 2, 0)), ((1, 3, 2),))
