"""Means that make an image of a wanted size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.kernels.mixing import mix_columns, mix_rows
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError
from engine.spec import param


@lru_cache(maxsize=256)
def _means(size: int, out: int, dtype: Any) -> Array:
    """Return the matrix (out, size) whose rows take the mean of one window each."""
    matrix = np.zeros((out, size), dtype)
    for place, row in enumerate(matrix):
        first, last = place * size // out, -(-(place + 1) * size // out)
        row[first:last] = 1 / (last - first)
    return matrix


class AdaptiveAveragePool2D(Layer):
    """Takes means over windows that it chooses itself, so that every image comes out in one size.

    Formula: y[i, j] = mean of x over rows ⌊i · h / m⌋ to ⌈(i + 1) · h / m⌉ - 1, and columns likewise.

    Along an axis of n pixels, window i of m reaches from ⌊i · n / m⌋ to ⌈(i + 1) · n / m⌉. ONNX: MatMul. PyTorch:
    nn.AdaptiveAvgPool2d.

    Use it before a Dense, where images come in several sizes or the Dense wants a fixed one. Avoid it where one value
    for a channel is enough: GlobalAveragePool2D is cheaper.
    """

    category = "Pooling"
    size: tuple[int, int] = param("Height and width of the output.", default=(2, 2), min=1, max=1024, unit=" px")

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"AdaptiveAveragePool2D takes an image (channels × height × width), not {describe(x)}.")
        return (x[0], *self.size)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        down = Scratch((self.size[0], x[2], x[0]))
        return {"down": down, "grad": down, "whole": Scratch((x[1], x[2], x[0]))}

    def _matrices(self, x: Shape, dtype: Any) -> tuple[Array, Array]:
        return _means(x[1], self.size[0], dtype), _means(x[2], self.size[1], dtype)

    def forward(self, x: Array, down: Array, y: Array) -> None:
        rows, columns = self._matrices(x.shape[1:], y.dtype)
        mix_rows(rows, channels_last(x), down)
        mix_columns(columns, down, channels_last(y))

    def backward(self, grad: Array, whole: Array, grad_y: Array, grad_x: Array) -> None:
        rows, columns = self._matrices(grad_x.shape[1:], grad_y.dtype)
        mix_columns(columns.T, channels_last(grad_y), grad)
        mix_rows(rows.T, grad, whole)
        channels_last(grad_x)[...] = whole

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        rows, columns = self._matrices(g.shape("x"), np.float32)
        return g.op("MatMul", g.constant(rows), g.op("MatMul", x, g.constant(np.ascontiguousarray(columns.T))))

    def torch(self, x: Shape) -> str:
        return f"nn.AdaptiveAvgPool2d({self.size})"

    def summary(self) -> str:
        return f"to {describe(self.size)}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(size=(3, 1)), ((3, 2, 4),))
