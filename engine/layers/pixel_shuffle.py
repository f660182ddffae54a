"""Channels that become pixels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from engine.arrays import Array, Shape
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.layers.sided import check_rank
from engine.spec import param


class PixelShuffle(Layer):
    """Makes an image larger by laying groups of its channels out as pixels: (C · r², H, W) becomes (C, H · r, W · r).

    Formula: y[c, i · r + a, j · r + b] = x[c · r² + a · r + b, i, j].

    A convolution before it learns what the new pixels are. Shi et al., 2016. ONNX: DepthToSpace. PyTorch: nn.PixelShuffle.

    Use it to enlarge images without a pattern of squares: super-resolution. Avoid it without a convolution before it
    that gives r² times the channels.
    """

    category = "Convolution"
    factor: int = param("How many times higher and wider.", default=2, min=1, max=32)

    def shape(self, x: Shape) -> Shape:
        check_rank("PixelShuffle", 2, x)
        group = self.factor**2
        if x[0] % group:
            raise ShapeError(
                f"PixelShuffle needs channels in groups of {group}, but {x[0]} came. "
                f"Give the layer before it {-(-x[0] // group) * group}."
            )
        return (x[0] // group, x[1] * self.factor, x[2] * self.factor)

    def _pairs(self, small: Array, large: Array) -> Iterator[tuple[Array, Array]]:
        """Yield channels of the small image, and the pixels of the large one that they become."""
        r = self.factor
        for i, j in product(range(r), repeat=2):
            yield small[:, i * r + j :: r * r], large[:, :, i::r, j::r]

    def forward(self, x: Array, y: Array) -> None:
        for channels, pixels in self._pairs(x, y):
            pixels[...] = channels

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        for channels, pixels in self._pairs(grad_x, grad_y):
            channels[...] = pixels

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("DepthToSpace", x, blocksize=self.factor, mode="CRD")

    def torch(self, x: Shape) -> str:
        return f"nn.PixelShuffle({self.factor})"

    def summary(self) -> str:
        return f"× {self.factor}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((8, 2, 3),))
        yield Example(cls(factor=3), ((9, 1, 2),))
