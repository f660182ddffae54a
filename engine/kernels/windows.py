"""Where the windows of a convolution or a pooling lie on an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array

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
    """The windows on images of one size. Pairs are (vertical, horizontal); `padding` is (before, after) of each."""

    channels: int
    size: Pair
    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair = (1, 1)

    @cached_property
    def out(self) -> Pair:
        h, w = (
            out_size(self.size[a], self.kernel[a], self.stride[a], *self.padding[a], self.dilation[a]) for a in (0, 1)
        )
        return h, w

    @cached_property
    def padded(self) -> Pair:
        return self.size[0] + sum(self.padding[0]), self.size[1] + sum(self.padding[1])

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]

    @property
    def width(self) -> int:
        """The values in one window."""
        return self.taps * self.channels

    @property
    def pixels(self) -> int:
        """The windows on one image."""
        return self.out[0] * self.out[1]

    @property
    def is_padded(self) -> bool:
        return any(map(any, self.padding))

    @property
    def is_plain(self) -> bool:
        """Whether every window is one pixel of the image, so that nothing need be copied."""
        return self.kernel == self.stride == (1, 1) and not self.is_padded

    def inside(self, padded: Array) -> Array:
        """Return the view of an image within its zeros: (N, H + p, W + p, C) -> (N, H, W, C)."""
        (top, _), (left, _) = self.padding
        return padded[:, top : top + self.size[0], left : left + self.size[1]]

    def patches(self, image: Array) -> Array:
        """Return all windows as a view: (N, H + p, W + p, C) -> (N, OH, OW, KH, KW, C)."""
        n, row, pixel, channel = image.strides
        (sh, sw), (dh, dw) = self.stride, self.dilation
        shape = (len(image), *self.out, *self.kernel, self.channels)
        return as_strided(image, shape, (n, row * sh, pixel * sw, row * dh, pixel * dw, channel), writeable=False)

    def planes(self, image: Array) -> Array:
        """Return all windows as a view, pixels last: (N, C, H + p, W + p) -> (KH, KW, C, N, OH, OW)."""
        n, channel, row, pixel = image.strides
        (sh, sw), (dh, dw) = self.stride, self.dilation
        shape = (*self.kernel, self.channels, len(image), *self.out)
        return as_strided(image, shape, (row * dh, pixel * dw, channel, n, row * sh, pixel * sw), writeable=False)

    def spread(self, padded: Array, tap: tuple[int, int]) -> Array:
        """Return the pixels that one tap of all windows touches, as a view: (N, OH, OW, C)."""
        (i, j), (sh, sw), (dh, dw), (oh, ow) = tap, self.stride, self.dilation, self.out
        return padded[:, i * dh : i * dh + sh * (oh - 1) + 1 : sh, j * dw : j * dw + sw * (ow - 1) + 1 : sw]

    def mirror(self, filters: int) -> Windows | None:
        """Return the windows by which `filters` gradients at the output become gradients at the input, or None.

        Only windows that move by one pixel have them: the gradient at an input pixel then is a convolution of the
        output's gradient with the flipped filters.
        """
        reach = [self.dilation[a] * (self.kernel[a] - 1) for a in (0, 1)]
        (top, bottom), (left, right) = self.padding
        back = ((reach[0] - top, reach[0] - bottom), (reach[1] - left, reach[1] - right))
        if self.stride != (1, 1) or min(map(min, back)) < 0:
            return None
        return Windows(filters, self.out, self.kernel, (1, 1), back, self.dilation)
