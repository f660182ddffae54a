"""Where the windows of a convolution or a pooling lie on an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array, Shape

Pair = tuple[int, int]


def out_size(size: int, kernel: int, stride: int, before: int, after: int, dilation: int = 1) -> int:
    """Return how many windows fit along one axis; below one means that none does."""
    return (size + before + after - dilation * (kernel - 1) - 1) // stride + 1


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> Pair:
    """Return the zeros before and after that make ceil(size / stride) windows; an odd one comes after."""
    out = -(-size // stride)
    total = max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True)
class Windows:
    """The windows on images, or volumes, of one size: (height, width), or depth before both; `padding` is (before, after).

    Each window makes so many values as there are `filters`.
    """

    channels: int
    size: Shape
    kernel: Shape
    stride: Shape
    padding: tuple[Pair, ...]
    dilation: Shape = (1, 1)
    filters: int = 1

    @cached_property
    def out(self) -> Shape:
        sides = zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(out_size(n, k, s, *pair, d) for n, k, s, pair, d in sides)

    @cached_property
    def padded(self) -> Shape:
        return tuple(n + sum(pair) for n, pair in zip(self.size, self.padding, strict=True))

    @property
    def taps(self) -> int:
        return prod(self.kernel)

    @property
    def width(self) -> int:
        """The values in one window."""
        return self.taps * self.channels

    @property
    def pixels(self) -> int:
        """The windows on one image."""
        return prod(self.out)

    @property
    def is_padded(self) -> bool:
        return any(map(any, self.padding))

    @property
    def is_plain(self) -> bool:
        """Whether every window is one pixel of the image, so that nothing need be copied."""
        return {*self.kernel, *self.stride} == {1} and not self.is_padded

    def inside(self, padded: Array) -> Array:
        """Return the view of an image within its zeros: (N, H + p, W + p, C) -> (N, H, W, C)."""
        return padded[:, *(slice(p, p + n) for n, (p, _) in zip(self.size, self.padding, strict=True))]

    def patches(self, image: Array) -> Array:
        """Return all windows as a view: (N, H + p, W + p, C) -> (N, OH, OW, KH, KW, C)."""
        n, *steps, channel = image.strides
        between, within = self._steps(steps)
        shape = (len(image), *self.out, *self.kernel, self.channels)
        return as_strided(image, shape, (n, *between, *within, channel), writeable=False)

    def planes(self, image: Array) -> Array:
        """Return all windows as a view, pixels last: (N, C, H + p, W + p) -> (KH, KW, C, N, OH, OW)."""
        n, channel, *steps = image.strides
        between, within = self._steps(steps)
        shape = (*self.kernel, self.channels, len(image), *self.out)
        return as_strided(image, shape, (*within, channel, n, *between), writeable=False)

    def _steps(self, strides: Sequence[int]) -> tuple[Shape, Shape]:
        """Return how far apart in memory two windows are along each side, and two taps of one window."""
        between = tuple(step * s for step, s in zip(strides, self.stride, strict=True))
        return between, tuple(step * d for step, d in zip(strides, self.dilation, strict=True))

    def mirror(self) -> Windows | None:
        """Return the windows by which the gradients at the output become gradients at the input, or None.

        Only windows that move by one pixel have them: the gradient at an input pixel then is a convolution of the
        output's gradient with the flipped filters.
        """
        reach = (d * (k - 1) for k, d in zip(self.kernel, self.dilation, strict=True))
        back = tuple((r - before, r - after) for r, (before, after) in zip(reach, self.padding, strict=True))
        if {*self.stride} != {1} or min(map(min, back)) < 0:
            return None
        return Windows(self.filters, self.out, self.kernel, self.stride, back, self.dilation, self.channels)
