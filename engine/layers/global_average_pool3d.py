"""The mean of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.layer import Example, Layer, OnnxGraph, ShapeError


class GlobalAveragePool3D(Layer):
    """Takes the mean of every channel over the whole volume, so that a Dense may follow.

    Lin, Chen and Yan, 2014. ONNX: GlobalAveragePool. PyTorch: mean over all three sides.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 4:
            raise ShapeError(
                f"GlobalAveragePool3D takes a volume (channels × depth × height × width), not {describe(x)}."
            )
        return (x[0],)

    def forward(self, x: Array, y: Array) -> None:
        np.mean(x, axis=(2, 3, 4), out=y)

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        share = grad_y * (grad_y.shape[1] / grad_x[0].size)
        grad_x[...] = share[:, :, None, None, None]

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", g.op("GlobalAveragePool", x), axis=1)

    def torch(self, x: Shape) -> str:
        return "x.mean((2, 3, 4))"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 4, 5),))
