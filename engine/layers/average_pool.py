"""What takes the mean of each window, along one, two or three sides."""

from __future__ import annotations

from functools import lru_cache, partial, reduce
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import pooling
from engine.kernels.memory import channels_last, samples_in_cache, stored
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
        shape, calls = x.shape[1:], list[Run]()
        shares = _shares(self, shape, y.dtype)
        for image, room, pooled in samples_in_cache(channels_last(x), between, channels_last(y)):
            for axis, windows, source, out in self.steps(shape, image, room, pooled):
                calls += pooling.total(source, axis, windows, out)
            calls.append(partial(np.multiply, pooled, shares, pooled))
        return in_turn(calls)

    @prepared
    def backward(self, back_between: Array, share: Array, grad_y: Array, grad_x: Array) -> Run:
        shape, calls = grad_x.shape[1:], list[Run]()
        shares = _shares(self, shape, grad_y.dtype)
        arrays = (channels_last(grad_x), back_between, share, channels_last(grad_y))
        for image, room, pooled, given in samples_in_cache(*arrays):
            calls.append(partial(np.multiply, given, shares, pooled))
            for axis, windows, out, grad in reversed(self.steps(shape, image, room, pooled)):
                calls += pooling.total_back(grad, axis, windows, out)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "AveragePool", x, count_include_pad=0)

    def torch(self, x: Shape) -> str:
        return self.in_torch("AvgPool", count_include_pad=False)
