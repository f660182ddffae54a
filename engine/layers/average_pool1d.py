"""The mean of each stretch of a series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.pooling import ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool1d import Pool1D


@lru_cache(maxsize=256)
def _shares(layer: AveragePool1D, x: Shape, dtype: Any) -> Array:
    """Return 1 / the steps in each window, (T, 1)."""
    shares: Array = (1 / np.array(pooling.counts(*layer.axis(x)))).astype(dtype)[:, None]
    return shares


class AveragePool1D(Pool1D):
    """Takes the mean of each window of a series: y = mean of x over the window. Steps beyond the ends do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool1d with count_include_pad=False.

    Use it to shorten a series and smooth it on the way. Avoid it where a short peak matters: MaxPool1D keeps it.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"share": Scratch(self.shape(x))}

    def forward(self, x: Array, y: Array) -> None:
        pooling.total(x, ROWS, self.taps(x.shape[1:]), y)
        np.multiply(y, _shares(self, x.shape[1:], y.dtype), out=y)

    def backward(self, share: Array, grad_y: Array, grad_x: Array) -> None:
        np.multiply(grad_y, _shares(self, grad_x.shape[1:], grad_y.dtype), out=share)
        pooling.total_back(share, ROWS, self.taps(grad_x.shape[1:]), grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.pooled(g, "AveragePool", x, count_include_pad=0)

    def torch(self, x: Shape) -> str:
        module = f"nn.AvgPool1d({self.kernel}, stride={self.stride}, padding={self.padding}, count_include_pad=False)"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
