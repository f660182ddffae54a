"""The largest value of each window of a series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from engine.arrays import Shape
from engine.layer import Example, OnnxGraph
from engine.layers.as_image import on_images
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.pool1d import Pool1D


class MaxPool1D(Pool1D):
    """Takes the largest value of each window of steps, feature by feature: y = max x over the window.

    Of equal values the earliest gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool1d.
    """

    @cached_property
    def twin(self) -> MaxPool2D:
        return MaxPool2D(**self.windows())

    forward = on_images(MaxPool2D.forward)
    backward = on_images(MaxPool2D.backward)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        y = g.op("MaxPool", g.op("Transpose", x, perm=[0, 2, 1]), **self.onnx_attributes())
        return g.op("Transpose", y, perm=[0, 2, 1])

    def torch(self, x: Shape) -> str:
        windows = f"{self.kernel}, stride={self.stride}, padding={self.padding}"
        return f"nn.MaxPool1d({windows})(x.transpose(1, 2)).transpose(1, 2)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
