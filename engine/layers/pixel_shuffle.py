"""Channels that become pixels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import channels_last
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

    def _small(self, x: Array) -> Array:
        """Return the small image as (N, H, W, r, r, C): groups of channels by the places of the pixels that they become."""
        n, h, w, channels = channels_last(x).shape
        r = self.factor
        return channels_last(x).reshape(n, h, w, channels // r**2, r, r).transpose(0, 1, 2, 4, 5, 3)

    def _large(self, y: Array) -> Array:
        """Return the large image as (N, H, W, r, r, C)."""
        n, h, w, channels = channels_last(y).shape
        r = self.factor
        return channels_last(y).reshape(n, h // r, r, w // r, r, channels).transpose(0, 1, 3, 2, 4, 5)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, self._large(y), self._small(x))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        small, large = self._small(grad_x), self._large(grad_y)
        places = product(range(self.factor), repeat=2)  # all at once, NumPy would go along the shortest axis
        return in_turn(partial(np.copyto, small[:, :, :, i, j], large[:, :, :, i, j]) for i, j in places)

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
