"""The mean of each window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.memory import channels_last
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool2d import Pool2D


@lru_cache(maxsize=256)
def _shares(layer: AveragePool2D, x: Shape, dtype: Any) -> Array:
    """Return 1 / the pixels in each window, (OH, OW, 1)."""
    rows, columns = (np.array(pooling.counts(*axis)) for axis in layer.axes(x))
    shares: Array = (1 / np.outer(rows, columns)).astype(dtype)[..., None]
    return shares


class AveragePool2D(Pool2D):
    """Takes the mean of each window: y = mean of x over the window. Pixels beyond the edge do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool2d with count_include_pad=False.

    Use it to shrink images where the mean level matters, as in older networks and at the end of newer ones. Avoid it
    where single strong features matter: MaxPool2D keeps them.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels, _, width = x
        _, out_height, out_width = self.shape(x)
        down = Scratch((out_height, width, channels))
        return {"down": down, "grad": down, "share": Scratch((out_height, out_width, channels))}

    def forward(self, x: Array, down: Array, y: Array) -> None:
        rows, columns = self.taps(x.shape[1:])
        out = channels_last(y)
        pooling.total(channels_last(x), ROWS, rows, down)
        pooling.total(down, COLUMNS, columns, out)
        np.multiply(out, _shares(self, x.shape[1:], y.dtype), out=out)

    def backward(self, x: Array, share: Array, grad: Array, grad_y: Array, grad_x: Array) -> None:
        rows, columns = self.taps(x.shape[1:])
        np.multiply(channels_last(grad_y), _shares(self, x.shape[1:], grad_y.dtype), out=share)
        pooling.total_back(share, COLUMNS, columns, grad)
        pooling.total_back(grad, ROWS, rows, channels_last(grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("AveragePool", x, **self.onnx_attributes(), count_include_pad=0)

    def torch(self, x: Shape) -> str:
        windows = f"{self.kernel}, stride={self.stride}, padding={self.padding}"
        return f"nn.AvgPool2d({windows}, count_include_pad=False)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(kernel=(3, 2), stride=(1, 2)), ((2, 5, 5),))
        yield Example(cls(kernel=(3, 3), padding=(1, 1)), ((3, 5, 6),))
