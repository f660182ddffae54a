"""Maxima and sums over windows of images (N, H, W, C), one axis after the other."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.arrays import Array

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


def largest(x: Array, axis: int, windows: tuple[Tap, ...], out: Array) -> None:
    """Write the largest value of each window along one axis."""
    if is_tiled(x.shape[axis], windows, out.shape[axis]) and len(windows) > 1:
        first, second, *rest = (at(x, axis, pixels) for _, pixels in windows)
        np.maximum(first, second, out=out)
        for other in rest:
            np.maximum(out, other, out=out)
        return
    out[...] = -np.inf
    for target, pixels in windows:
        part = at(out, axis, target)
        np.maximum(part, at(x, axis, pixels), out=part)


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
) -> None:
    """Give each window's gradient to its first largest pixel. `hit`, `taken` (bool) and `part` are work arrays like `y`."""
    if len(windows) == 2 and is_tiled(x.shape[axis], windows, y.shape[axis]):
        first, second = (at(grad_x, axis, pixels) for _, pixels in windows)
        np.equal(at(x, axis, windows[0][1]), y, out=hit)
        np.multiply(grad_y, hit, out=first)
        np.subtract(grad_y, first, out=second)
        return
    grad_x[...] = 0
    taken[...] = False
    for target, pixels in windows:
        new, old, share = at(hit, axis, target), at(taken, axis, target), at(part, axis, target)
        np.equal(at(x, axis, pixels), at(y, axis, target), out=new)
        np.greater(new, old, out=new)  # a hit, and the first
        np.logical_or(old, new, out=old)
        np.multiply(at(grad_y, axis, target), new, out=share)
        spot = at(grad_x, axis, pixels)
        np.add(spot, share, out=spot)


def total(x: Array, axis: int, windows: tuple[Tap, ...], out: Array) -> None:
    """Write the sum of each window along one axis."""
    out[...] = 0
    for target, pixels in windows:
        part = at(out, axis, target)
        np.add(part, at(x, axis, pixels), out=part)


def total_back(grad_y: Array, axis: int, windows: tuple[Tap, ...], grad_x: Array) -> None:
    """Give each window's gradient to all of its pixels."""
    grad_x[...] = 0
    for target, pixels in windows:
        spot = at(grad_x, axis, pixels)
        np.add(spot, at(grad_y, axis, target), out=spot)


@lru_cache(maxsize=256)
def counts(size: int, out: int, kernel: int, stride: int, padding: int) -> tuple[int, ...]:
    """Return how many pixels of the image each window along an axis holds."""
    starts = (o * stride - padding for o in range(out))
    return tuple(min(start + kernel, size) - max(start, 0) for start in starts)
