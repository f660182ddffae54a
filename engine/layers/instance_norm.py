"""Normalisation of every channel of every image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Shape, describe
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.grouped_norm import GroupedNorm, channels_of


class InstanceNorm(GroupedNorm):
    """Gives every channel of every image mean 0 and spread 1, then a learned scale and shift.

    Formula: y = weight · (x - mean) / √(variance + epsilon) + bias.

    It takes contrast away, as wanted for changing the style of images. Ulyanov, Vedaldi and Lempitsky, 2016. ONNX:
    InstanceNormalization. PyTorch: nn.InstanceNorm2d, affine.

    Use it for changing the style of images, where the contrast of each should not matter. Avoid it for telling classes
    apart by brightness or contrast, which it takes away.
    """

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (2, 3):
            raise ShapeError(f"InstanceNorm takes an image or a series, not {describe(x)}.")
        return x

    def count(self, channels: int) -> int:
        return channels

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        series = len(g.shape("x")) == 2
        x = g.op("Transpose", x, perm=[0, 2, 1]) if series else x
        y = g.op("InstanceNormalization", x, g.weight("weight"), g.weight("bias"), epsilon=float(self.epsilon))
        return g.op("Transpose", y, perm=[0, 2, 1]) if series else y

    def torch(self, x: Shape) -> str:
        module = f"nn.InstanceNorm{len(x) - 1}d({channels_of(x)}, eps={self.epsilon}, affine=True)"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)" if len(x) == 2 else module

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 3),))
        yield Example(cls(epsilon=1e-3), ((4, 2),))
