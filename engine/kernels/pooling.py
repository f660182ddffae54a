"""Maxima and sums over windows of images (N, H, W, C), one axis after the other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.broadcast import joining

Tap = tuple[slice, slice]  # which windows have this tap inside of the image, and where they find it
ROWS, COLUMNS = 1, 2


@lru_cache(maxsize=1024)
def taps(size: int, out: int, kernel: int, stride: int, padding: int) -> tuple[Tap, ...]:
    """Return the taps of `out` windows along an axis of `size` pixels."""
    found = []
    for tap in range(kernel):
        first = max(0, -(-(padding - tap) // stride))
        last = min(out - 1, (size - 1 + padding - tap) // stride)
        start = first * stride + tap - padding
        found.append((slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)))
    return tuple(tap for tap in found if tap[0].stop > tap[0].start)


def is_tiled(size: int, windows: tuple[Tap, ...], out: int) -> bool:
    """Tell whether every pixel lies in exactly one window."""
    return size == len(windows) * out and all(w == slice(0, out) and p.step == len(windows) for w, p in windows)


def at(x: Array, axis: int, part: slice) -> Array:
    """Return a part of an image along its rows or columns."""
    return x[:, part] if axis == ROWS else x[:, :, part]


def largest(x: Array, axis: int, windows: tuple[Tap, ...], out: Array) -> Iterator[Run]:
    """Yield calls that write the largest value of each window along one axis."""
    if is_tiled(x.shape[axis], windows, out.shape[axis]) and len(windows) > 1:
        yield from joining(np.maximum, [at(x, axis, pixels) for _, pixels in windows], out)
        return
    yield partial(out.fill, -np.inf)
    for target, pixels in windows:
        part = at(out, axis, target)
        yield partial(np.maximum, part, at(x, axis, pixels), out=part)


def largest_back(
    x: Array,
    y: Array,
    axis: int,
    windows: tuple[Tap, ...],
    hit: Array,
    taken: Array,
    part: Array,
    grad_y: Array,
    grad_x: Array,
) -> Iterator[Run]:
    """Yield calls that give each window's gradient to its first largest pixel.

    `hit`, `taken` (bool) and `part` are work arrays like `y`.
    """
    if len(windows) == 2 and is_tiled(x.shape[axis], windows, y.shape[axis]):
        first, second = (at(grad_x, axis, pixels) for _, pixels in windows)
        yield partial(np.equal, at(x, axis, windows[0][1]), y, hit)
        yield partial(np.multiply, grad_y, hit, first)
        yield partial(np.subtract, grad_y, first, second)
        return
    yield partial(grad_x.fill, 0)
    yield partial(taken.fill, False)
    for number, (target, pixels) in enumerate(windows):
        new, old, share = at(hit, axis, target), at(taken, axis, target), at(part, axis, target)
        yield partial(np.equal, at(x, axis, pixels), at(y, axis, target), new)
        if number > 0:
            yield partial(np.greater, new, old, new)  # a hit, and the first
        if number + 1 < len(windows):
            yield partial(np.logical_or, old, new, old)
        yield partial(np.multiply, at(grad_y, axis, target), new, share)
        spot = at(grad_x, axis, pixels)
        yield partial(np.add, spot, share, spot)


def total(x: Array, axis: int, windows: tuple[Tap, ...], out: Array) -> Iterator[Run]:
    """Yield calls that write the sum of each window along one axis."""
    if is_tiled(x.shape[axis], windows, out.shape[axis]) and len(windows) > 1:
        yield from joining(np.add, [at(x, axis, pixels) for _, pixels in windows], out)
        return
    yield partial(out.fill, 0)
    for target, pixels in windows:
        part = at(out, axis, target)
        yield partial(np.add, part, at(x, axis, pixels), part)


def total_back(grad_y: Array, axis: int, windows: tuple[Tap, ...], grad_x: Array) -> Iterator[Run]:
    """Yield calls that give each window's gradient to all of its pixels."""
    if is_tiled(grad_x.shape[axis], windows, grad_y.shape[axis]):
        yield from (partial(np.copyto, at(grad_x, axis, pixels), grad_y) for _, pixels in windows)
        return
    yield partial(grad_x.fill, 0)
    for target, pixels in windows:
        spot = at(grad_x, axis, pixels)
        yield partial(np.add, spot, at(grad_y, axis, target), spot)


@lru_cache(maxsize=256)
def counts(size: int, out: int, kernel: int, stride: int, padding: int) -> tuple[int, ...]:
    """Return how many pixels of the image each window along an axis holds."""
    starts = (o * stride - padding for o in range(out))
    return tuple(min(start + kernel, size) - max(start, 0) for start in starts)
