"""From images and series to vectors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, Layer, OnnxGraph


class Flatten(Layer):
    """Lines up all values of an image or a series as one vector, for a Dense.

    Formula: (C, H, W) becomes (C · H · W); y[(c · H + i) · W + j] = x[c, i, j].

    The order is channel, row, column; or step, feature. ONNX: Flatten. PyTorch: nn.Flatten.

    Use it before a Dense, behind convolutions of small images. Avoid it on large images: GlobalAveragePool2D leaves
    the Dense far fewer weights.
    """

    category = "Dense"
    straight = "passes"

    def shape(self, x: Shape) -> Shape:
        return (prod(x),)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y.reshape(x.shape), x)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y.reshape(grad_x.shape))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", x, axis=1)

    def torch(self, x: Shape) -> str:
        return "nn.Flatten()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 3, 4),))
        yield Example(cls(), ((3, 4),))
        yield Example(cls(), ((5,),))
        yield Example(cls(), ((2, 2, 3, 2),))
