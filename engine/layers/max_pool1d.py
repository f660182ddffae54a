"""The largest value of each stretch of a series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.pooling import ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool1d import Pool1D


class MaxPool1D(Pool1D):
    """Keeps the largest value of each window of a series: y = max x over the window, for every feature.

    Of equal values the first gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool1d.

    Use it to shorten a series and keep its peaks. Avoid it where the mean level matters: take AveragePool1D.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        out = self.shape(x)
        return {"hit": Scratch(out, dtype="bool"), "taken": Scratch(out, dtype="bool"), "part": Scratch(out)}

    def forward(self, x: Array, y: Array) -> None:
        pooling.largest(x, ROWS, self.taps(x.shape[1:]), y)

    def backward(self, x: Array, y: Array, hit: Array, taken: Array, part: Array, grad_y: Array, grad_x: Array) -> None:
        pooling.largest_back(x, y, ROWS, self.taps(x.shape[1:]), hit, taken, part, grad_y, grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.pooled(g, "MaxPool", x)

    def torch(self, x: Shape) -> str:
        module = f"nn.MaxPool1d({self.kernel}, stride={self.stride}, padding={self.padding})"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
        yield Example(cls(kernel=2, stride=3), ((6, 1),))
        yield Example(cls(stride=1, padding=1), ((2, 1),))
