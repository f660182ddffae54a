"""The mean of each window of a series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from engine.arrays import Shape
from engine.layer import Example, OnnxGraph
from engine.layers.as_image import on_images
from engine.layers.average_pool2d import AveragePool2D
from engine.layers.pool1d import Pool1D


class AveragePool1D(Pool1D):
    """Takes the mean of each window of steps, feature by feature: y = mean x over the window.

    Steps beyond the ends do not count. ONNX: AveragePool. PyTorch: nn.AvgPool1d.
    """

    @cached_property
    def twin(self) -> AveragePool2D:
        return AveragePool2D(**self.windows())

    forward = on_images(AveragePool2D.forward)
    backward = on_images(AveragePool2D.backward)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        y = g.op("AveragePool", g.op("Transpose", x, perm=[0, 2, 1]), **self.onnx_attributes(), count_include_pad=0)
        return g.op("Transpose", y, perm=[0, 2, 1])

    def torch(self, x: Shape) -> str:
        windows = f"{self.kernel}, stride={self.stride}, padding={self.padding}, count_include_pad=False"
        return f"nn.AvgPool1d({windows})(x.transpose(1, 2)).transpose(1, 2)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
