"""A convolution of volumes that needs fewer multiplications: what the compiler puts in its place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Shape
from engine.layer import Example, Layer
from engine.layers.conv3d import Conv3D
from engine.layers.winograd_convolution import WinogradConvolution, suits
from engine.spec import param

FEWEST = 12  # channels and filters from which on it pays: blocks of windows take 1.3 to 1.8 times as long


class WinogradConv3D(WinogradConvolution, abstract=True):
    """A convolution of volumes by minimal filtering of each plane; a window's planes come into one product."""

    convolution: Conv3D = param("The convolution.", default=Conv3D(), hidden=True)

    @classmethod
    def of(cls, layer: Layer, *inputs: Shape) -> WinogradConv3D | None:
        """Return the layer for such inputs as one of these; None where it does not suit or pay."""
        if not isinstance(layer, Conv3D) or layer.groups > 1 or not suits(layer, inputs[0], FEWEST):
            return None
        return cls(convolution=layer)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv3D(filters=12)), ((13, 3, 6, 6),))
        yield Example(cls(convolution=Conv3D(filters=14, use_bias=False)), ((12, 2, 5, 7),))
        yield Example(cls(convolution=Conv3D(filters=12, kernel=(1, 3, 3))), ((12, 2, 6, 6),))
        yield Example(cls(convolution=Conv3D(filters=12, kernel=(2, 3, 3), padding="valid")), ((12, 3, 8, 8),))
