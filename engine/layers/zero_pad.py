"""Zeros around an image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
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

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return in_turn((partial(y.fill, 0), partial(np.copyto, self.inside(y), x)))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, self.inside(grad_y))

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
