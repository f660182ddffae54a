"""The mean of each window of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool3d import Pool3D, planes, sheets


@lru_cache(maxsize=256)
def _shares(layer: AveragePool3D, x: Shape, dtype: Any) -> Array:
    """Return 1 / the pixels in each window, (OD, OH, OW)."""
    depth, rows, columns = (np.array(pooling.counts(*axis)) for axis in layer.axes(x))
    shares: Array = (1 / (depth[:, None, None] * rows[:, None] * columns)).astype(dtype)
    return shares


class AveragePool3D(Pool3D):
    """Takes the mean of each window of a volume: y = mean of x over the window. Pixels beyond the edge do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool3d with count_include_pad=False.

    Use it to shrink volumes and films where the mean level matters. Avoid it where single strong features matter:
    MaxPool3D keeps them.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels, depth, height, width = self.shape(x)
        thin, low = Scratch((channels, depth, *x[2:])), Scratch((channels, depth, height, x[3]))
        share = Scratch((channels, depth, height, width))
        return {"thin": thin, "low": low, "back_thin": thin, "back_low": low, "share": share}

    def forward(self, x: Array, thin: Array, low: Array, y: Array) -> None:
        depth, rows, columns = self.taps(x.shape[1:])
        pooling.total(sheets(x), ROWS, depth, sheets(thin))
        pooling.total(planes(thin), ROWS, rows, planes(low))
        pooling.total(planes(low), COLUMNS, columns, planes(y))
        np.multiply(y, _shares(self, x.shape[1:], y.dtype), out=y)

    def backward(self, share: Array, back_thin: Array, back_low: Array, grad_y: Array, grad_x: Array) -> None:
        shape = grad_x.shape[1:]
        depth, rows, columns = self.taps(shape)
        np.multiply(grad_y, _shares(self, shape, grad_y.dtype), out=share)
        pooling.total_back(planes(share), COLUMNS, columns, planes(back_low))
        pooling.total_back(planes(back_low), ROWS, rows, planes(back_thin))
        pooling.total_back(sheets(back_thin), ROWS, depth, sheets(grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("AveragePool", x, **self.onnx_attributes(), count_include_pad=0)

    def torch(self, x: Shape) -> str:
        windows = f"{self.kernel}, stride={self.stride}, padding={self.padding}"
        return f"nn.AvgPool3d({windows}, count_include_pad=False)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 2, 4, 3),))
        yield Example(cls(kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), ((1, 2, 3, 3),))
        yield Example(cls(stride=(1, 1, 1), padding=(1, 1, 1)), ((1, 2, 2, 2),))
