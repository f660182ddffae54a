"""The mean of every channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.layer import Example, Layer, OnnxGraph, ShapeError


class GlobalAveragePool2D(Layer):
    """Takes the mean of every channel over the whole image, so that a Dense may follow.

    Formula: y[c] = Σ x[c, i, j] / (H · W).

    Lin, Chen and Yan, 2014. ONNX: GlobalAveragePool. PyTorch: mean over both sides.

    Use it at the end of convolutions in place of Flatten: no weights, any size of image. Avoid it where the place of a
    feature matters for the answer.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"GlobalAveragePool2D takes an image (channels × height × width), not {describe(x)}.")
        return (x[0],)

    def forward(self, x: Array, y: Array) -> None:
        np.sum(channels_last(x), axis=(1, 2), out=y)
        y *= x.shape[1] / x[0].size

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        share = grad_y * (grad_y.shape[1] / grad_x[0].size)
        channels_last(grad_x)[...] = share[:, None, None]

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", g.op("GlobalAveragePool", x), axis=1)

    def torch(self, x: Shape) -> str:
        return "x.mean((2, 3))"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
