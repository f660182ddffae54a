"""What makes series, images and volumes of a wanted size by means over windows."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import channels_last
from engine.kernels.mixing import mix
from engine.layer import OnnxGraph, Scratch
from engine.layers.side_by_side import SideBySide
from engine.layers.sided import per_side
from engine.spec import param


@lru_cache(maxsize=256)
def _means(size: int, out: int, dtype: Any) -> Array:
    """Return the matrix (out, size) whose rows take the mean of one window each."""
    matrix = np.zeros((out, size), dtype)
    for place, row in enumerate(matrix):
        first, last = place * size // out, -(-(place + 1) * size // out)
        row[first:last] = 1 / (last - first)
    return matrix


class AdaptiveAveragePool(SideBySide, abstract=True):
    """A layer that takes means over windows that it chooses itself, so that all comes out in one size.

    `size` is declared anew by every layer, with the type that its rank asks for.
    """

    category = "Pooling"
    size: Any = param("The sides of the output.", default=2)

    def shape(self, x: Shape) -> Shape:
        channels, _ = self.split(x)
        return self.joined(channels, self.out(x))

    def out(self, x: Shape) -> Shape:
        return per_side(self.size)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return self.room(x)

    def _matrices(self, x: Shape, dtype: Any) -> list[Array]:
        _, sides = self.split(x)
        return [_means(size, out, dtype) for size, out in zip(sides, self.out(x), strict=True)]

    @prepared
    def forward(self, x: Array, between: Array, y: Array) -> Run:
        shape, calls = x.shape[1:], list[Run]()
        path = self.path(shape, channels_last(x), between, channels_last(y))
        for matrix, (axis, before, after) in zip(self._matrices(shape, y.dtype), path, strict=True):
            calls += mix(matrix, axis, before, after)
        return in_turn(calls)

    @prepared
    def backward(self, back_between: Array, grad_y: Array, grad_x: Array) -> Run:
        shape, calls = grad_x.shape[1:], list[Run]()
        path = self.path(shape, channels_last(grad_x), back_between, channels_last(grad_y))
        steps = zip(self._matrices(shape, grad_y.dtype), path, strict=True)
        for matrix, (axis, before, after) in reversed(list(steps)):
            calls += mix(matrix.T, axis, after, before)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        matrices = [np.ascontiguousarray(matrix) for matrix in self._matrices(g.shape("x"), np.float32)]
        if self.rank == 1:
            return g.op("MatMul", g.constant(matrices[0]), x)
        x = g.op("MatMul", g.constant(matrices[-2]), g.op("MatMul", x, g.constant(matrices[-1].T.copy())))
        if self.rank == 2:
            return x
        last = g.op("Transpose", x, perm=[0, 1, 3, 4, 2])
        return g.op("Transpose", g.op("MatMul", last, g.constant(matrices[0].T.copy())), perm=[0, 1, 4, 2, 3])

    def torch(self, x: Shape) -> str:
        return self.torch_call(f"nn.AdaptiveAvgPool{self.rank}d({self.size})")

    def summary(self) -> str:
        return f"to {describe(per_side(self.size))}"
