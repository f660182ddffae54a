"""What takes the mean of each window, along one, two or three sides."""

from __future__ import annotations

from functools import lru_cache, partial, reduce
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import pooling
from engine.kernels.memory import channels_last, stored
from engine.layer import OnnxGraph, Scratch
from engine.layers.pool import Pool


@lru_cache(maxsize=256)
def _shares(layer: AveragePool, x: Shape, dtype: Any) -> Array:
    """Return 1 / the values in each window: (OT, 1), (OH, OW, 1) or (OD, OH, OW, 1)."""
    counts = reduce(np.multiply.outer, (np.array(pooling.counts(*axis)) for axis in layer.axes(x)))
    shares: Array = (1 / counts[..., None]).astype(dtype)
    return shares


class AveragePool(Pool, abstract=True):
    """A pooling that takes the mean of each window; what lies beyond the ends does not count."""

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return self.room(x) | {"share": Scratch(stored(self.shape(x)))}

    @prepared
    def forward(self, x: Array, between: Array, y: Array) -> Run:
        image, shares, calls = channels_last(y), _shares(self, x.shape[1:], y.dtype), list[Run]()
        for axis, windows, source, out in self.steps(x.shape[1:], channels_last(x), between, image):
            calls += pooling.total(source, axis, windows, out)
        return in_turn((*calls, partial(np.multiply, image, shares, image)))

    @prepared
    def backward(self, back_between: Array, share: Array, grad_y: Array, grad_x: Array) -> Run:
        shape = grad_x.shape[1:]
        calls: list[Run] = [partial(np.multiply, channels_last(grad_y), _shares(self, shape, grad_y.dtype), share)]
        for axis, windows, out, grad in reversed(self.steps(shape, channels_last(grad_x), back_between, share)):
            calls += pooling.total_back(grad, axis, windows, out)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "AveragePool", x, count_include_pad=0)

    def torch(self, x: Shape) -> str:
        return self.in_torch("AvgPool", count_include_pad=False)
