"""Convolution along any number of sides, in groups of channels, as matrix products: what volumes are convolved with.

Arrays are channels-first: (N, C, *sides). The windows of a few samples, a block, lie in columns (n, G, K, P): K values of
each of P windows, for each of G groups of channels. Filters are (G, F/G, K).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array, Shape
from engine.kernels.memory import stretches
from engine.kernels.windows import Pair, out_size

CACHE = 1 << 20  # values of a block's columns


@dataclass(frozen=True)
class Places:
    """The windows on samples of one size; `padding` is (before, after) of each side."""

    channels: int
    size: Shape
    kernel: Shape
    stride: Shape
    padding: tuple[Pair, ...]
    dilation: Shape
    groups: int = 1

    @cached_property
    def out(self) -> Shape:
        sides = zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(out_size(n, k, s, *pair, d) for n, k, s, pair, d in sides)

    @property
    def padded(self) -> Shape:
        return tuple(n + sum(pair) for n, pair in zip(self.size, self.padding, strict=True))

    @property
    def width(self) -> int:
        """The values in one window that one filter sees."""
        return self.channels // self.groups * prod(self.kernel)

    @property
    def columns(self) -> Shape:
        """The shape of one sample's columns, (G, K, P)."""
        return self.groups, self.width, prod(self.out)

    @property
    def at_once(self) -> int:
        """How many samples make a block."""
        return min(max(CACHE // prod(self.columns), 1), 64)

    def inside(self, padded: Array) -> Array:
        """Return the view of samples within their zeros."""
        return padded[:, :, *(slice(p, p + n) for n, (p, _) in zip(self.size, self.padding, strict=True))]

    def patches(self, padded: Array) -> Array:
        """Return all windows as a view, (n, C, *kernel, *out)."""
        n, channel, *steps = padded.strides
        within = (s * d for s, d in zip(steps, self.dilation, strict=True))
        between = (s * d for s, d in zip(steps, self.stride, strict=True))
        shape = (*padded.shape[:2], *self.kernel, *self.out)
        return as_strided(padded, shape, (n, channel, *within, *between), writeable=False)

    def spread(self, padded: Array, tap: tuple[int, ...]) -> Array:
        """Return what one tap of all windows touches, as a view (n, C, *out)."""
        sides = zip(tap, self.dilation, self.stride, self.out, strict=True)
        return padded[:, :, *(slice(i * d, i * d + s * (o - 1) + 1, s) for i, d, s, o in sides)]


def convolve(places: Places, x: Array, filters: Array, padded: Array, columns: Array, product: Array, y: Array) -> None:
    """Write the convolution into `y` (N, F, *out). `product` has room for a block of it, (n, G, F/G, P)."""
    for some, matrix in _blocks(places, x, padded, columns):
        out = y[some]
        whole = out.reshape(len(out), *product.shape[1:]) if out.flags.c_contiguous else product[: len(out)]
        np.matmul(filters, matrix, out=whole)  # (F/G, K) @ (K, P) -> (F/G, P)
        if not out.flags.c_contiguous:
            out[...] = whole.reshape(out.shape)


def backward_filters(
    places: Places, x: Array, grad_y: Array, padded: Array, columns: Array, product: Array, parts: Array, out: Array
) -> None:
    """Write the gradient of the filters into `out` (G, F/G, K); `parts` has room for that of each sample of a block."""
    out[...] = 0
    for some, matrix in _blocks(places, x, padded, columns):
        each = parts[: len(matrix)]
        np.matmul(_matrix(grad_y[some], product), matrix.swapaxes(2, 3), out=each)  # (F/G, P) @ (P, K) -> (F/G, K)
        out += each.sum(axis=0)


def backward_samples(
    places: Places, filters: Array, grad_y: Array, columns: Array, product: Array, spread: Array, grad_x: Array
) -> None:
    """Write the gradient of the samples; `spread` is a work array for a block of them with their padding."""
    for some in stretches(len(grad_x), len(spread)):
        count = some.stop - some.start
        block, matrix = spread[:count], columns[:count]
        np.matmul(filters.swapaxes(1, 2), _matrix(grad_y[some], product), out=matrix)  # (K, F/G) @ (F/G, P) -> (K, P)
        taps = matrix.reshape(count, places.channels, *places.kernel, *places.out)
        block[...] = 0
        for tap in np.ndindex(*places.kernel):
            pixels = places.spread(block, tap)
            np.add(pixels, taps[:, :, *tap], out=pixels)
        grad_x[some] = places.inside(block)


def _blocks(places: Places, x: Array, padded: Array, columns: Array) -> Iterator[tuple[slice, Array]]:
    """Yield some samples at a time, and their columns, which the next ones overwrite."""
    for some in stretches(len(x), len(padded)):
        block = padded[: some.stop - some.start]
        places.inside(block)[...] = x[some]
        matrix, patches = columns[: len(block)], places.patches(block)
        np.copyto(matrix.reshape(patches.shape), patches)
        yield some, matrix


def _matrix(grad: Array, product: Array) -> Array:
    """Return a block of gradients as (n, G, F/G, P), copied into `product` where they do not lie in one piece."""
    if grad.flags.c_contiguous:
        return grad.reshape(len(grad), *product.shape[1:])
    copy = product[: len(grad)]
    copy.reshape(grad.shape)[...] = grad
    return copy
