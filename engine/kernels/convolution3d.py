"""Convolution of volumes (N, C, D, H, W) as matrix products: the windows of a few volumes lie in columns (n, K, P)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array, Shape
from engine.kernels.windows import Pair, out_size

CACHE = 1 << 20  # values of a block's columns


@dataclass(frozen=True)
class Volumes:
    """The windows on volumes of one size; `padding` is (before, after) of each axis."""

    channels: int
    size: Shape
    kernel: Shape
    stride: Shape
    padding: tuple[Pair, ...]
    dilation: Shape

    @cached_property
    def out(self) -> Shape:
        sides = zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(out_size(n, k, s, *pair, d) for n, k, s, pair, d in sides)

    @property
    def padded(self) -> Shape:
        return tuple(n + sum(pair) for n, pair in zip(self.size, self.padding, strict=True))

    @property
    def width(self) -> int:
        """The values in one window."""
        return self.channels * int(np.prod(self.kernel))

    @property
    def places(self) -> int:
        """The windows on one volume."""
        return int(np.prod(self.out))

    @property
    def at_once(self) -> int:
        """How many volumes make a block."""
        return min(max(CACHE // (self.width * self.places), 1), 64)

    def inside(self, padded: Array) -> Array:
        """Return the view of volumes within their zeros."""
        return padded[:, :, *(slice(p, p + n) for n, (p, _) in zip(self.size, self.padding, strict=True))]

    def patches(self, padded: Array) -> Array:
        """Return all windows as a view, (n, C, KD, KH, KW, OD, OH, OW)."""
        n, channel, *steps = padded.strides
        within = (s * d for s, d in zip(steps, self.dilation, strict=True))
        between = (s * d for s, d in zip(steps, self.stride, strict=True))
        shape = (*padded.shape[:2], *self.kernel, *self.out)
        return as_strided(padded, shape, (n, channel, *within, *between), writeable=False)

    def spread(self, padded: Array, tap: tuple[int, ...]) -> Array:
        """Return what one tap of all windows touches, as a view (n, C, OD, OH, OW)."""
        sides = zip(tap, self.dilation, self.stride, self.out, strict=True)
        return padded[:, :, *(slice(i * d, i * d + s * (o - 1) + 1, s) for i, d, s, o in sides)]


def _blocks(windows: Volumes, x: Array, padded: Array, columns: Array) -> Iterator[tuple[slice, Array]]:
    """Yield some volumes at a time, and their windows (n, K, P), which the next ones overwrite."""
    for first in range(0, len(x), len(padded)):
        some = slice(first, min(first + len(padded), len(x)))
        block = padded[: some.stop - first]
        windows.inside(block)[...] = x[some]
        matrix = columns[: len(block)]
        patches = windows.patches(block)
        np.copyto(matrix.reshape(patches.shape), patches)
        yield some, matrix


def convolve(windows: Volumes, x: Array, filters: Array, padded: Array, columns: Array, y: Array) -> None:
    """Write the convolution with `filters` (F, K) into `y` (N, F, P)."""
    for some, matrix in _blocks(windows, x, padded, columns):
        np.matmul(filters, matrix, out=y[some])  # (F, K) @ (K, P) -> (F, P)


def backward_filters(
    windows: Volumes, x: Array, grad_y: Array, padded: Array, columns: Array, parts: Array, out: Array
) -> None:
    """Write the gradient of the filters into `out` (F, K); `parts` has room for that of each volume of a block."""
    out[...] = 0
    for some, matrix in _blocks(windows, x, padded, columns):
        each = parts[: len(matrix)]
        np.matmul(grad_y[some], matrix.swapaxes(1, 2), out=each)  # (F, P) @ (P, K) -> (F, K)
        out += each.sum(axis=0)


def backward_volumes(
    windows: Volumes, filters: Array, grad_y: Array, columns: Array, spread: Array, grad_x: Array
) -> None:
    """Write the gradient of the volumes; `spread` is a work array for a block of them with their padding."""
    for first in range(0, len(grad_x), len(spread)):
        some = slice(first, min(first + len(spread), len(grad_x)))
        block, matrix = spread[: some.stop - first], columns[: some.stop - first]
        np.matmul(filters.T, grad_y[some], out=matrix)  # (K, F) @ (F, P) -> (K, P)
        taps = matrix.reshape(len(block), windows.channels, *windows.kernel, *windows.out)
        block[...] = 0
        for tap in np.ndindex(*windows.kernel):
            pixels = windows.spread(block, tap)
            np.add(pixels, taps[:, :, *tap], out=pixels)
        grad_x[some] = windows.inside(block)
