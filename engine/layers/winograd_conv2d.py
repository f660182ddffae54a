"""A convolution with 3 × 3 filters that needs fewer multiplications: what the compiler puts in its place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from engine.arrays import Shape
from engine.layer import Example, Layer, Scratch
from engine.layers.conv2d import Conv2D
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.pooled_conv2d import PooledConv2D
from engine.layers.winograd_convolution import WinogradConvolution, suits, tiles_of
from engine.spec import param

FEWEST = 24  # channels and filters from which on it pays, measured against blocks of windows
FEWEST_POOLED = 16  # and where a pooling is behind it


class WinogradConv2D(WinogradConvolution, abstract=True):
    """A convolution of images by minimal filtering, and, where `pooled`, the largest of each 2 × 2 of its outputs."""

    convolution: Conv2D = param("The convolution.", default=Conv2D(), hidden=True)
    pooled: bool = param("Whether only the largest of each 2 × 2 outputs is kept.", default=False)

    @classmethod
    def of(cls, layer: Layer, *inputs: Shape) -> WinogradConv2D | None:
        """Return the layer for such inputs as one of these; None where it does not suit or pay."""
        pooled = isinstance(layer, PooledConv2D)
        first = layer.convolution if isinstance(layer, PooledConv2D) else layer
        fewest = FEWEST_POOLED if pooled else FEWEST
        if not isinstance(first, Conv2D) or not suits(first, inputs[0], fewest):
            return None
        return cls(convolution=first, pooled=pooled)

    def shape(self, x: Shape) -> Shape:
        shape = super().shape(x)
        return MaxPool2D().shape(shape) if self.pooled else shape

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = super().scratch(x)
        if self.pooled:
            (_, back), outputs = tiles_of(self.convolution, x), prod(self.shape(x))
            work["choices"] = Scratch((3, outputs), dtype="bool")
            work["quads"] = Scratch((5, back.block[0] * outputs), batched=False)
        return work

    def algorithm(self, x: Shape) -> str:
        return super().algorithm(x) + (", pooled at once" if self.pooled else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv2D(filters=12)), ((13, 6, 6),))
        yield Example(cls(convolution=Conv2D(filters=16, use_bias=False)), ((12, 5, 7),))
        yield Example(cls(convolution=Conv2D(filters=14, padding="valid")), ((12, 7, 8),))
        yield Example(cls(convolution=Conv2D(filters=12, padding="explicit", border=(2, 0))), ((12, 3, 8),))
        yield Example(cls(convolution=Conv2D(filters=13), pooled=True), ((12, 6, 8),))
        yield Example(cls(convolution=Conv2D(filters=24, groups=4)), ((16, 6, 7),))
        yield Example(cls(convolution=Conv2D(filters=32, groups=2, padding="valid")), ((36, 7, 8),))
        yield Example(cls(convolution=Conv2D(filters=32, groups=8, use_bias=False)), ((32, 5, 6),))
