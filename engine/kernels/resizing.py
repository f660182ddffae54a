"""Images (N, H, W, C) enlarged by whole factors, and the way back: pixels repeated, or straight lines between them.

First rows, then columns, or the other way round on the way back; so many images at a time as fit the cache. `tall` and `work`
are work arrays of `room` values, for images that are larger in one direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import PIECE, constant, samples_in_cache, shaped

ROWS, COLUMNS = 1, 2


def room(x: Shape, factor: tuple[int, int]) -> int:
    """Return how many values a work array needs for images of shape `x` that become larger by a factor."""
    return max(prod(x) * max(factor), PIECE)


def repeating(image: Array, factor: tuple[int, int], out: Array) -> Iterator[Run]:
    """Yield calls that repeat every pixel."""
    down, across = factor
    for large, x in samples_in_cache(out, image):
        n, h, w, channels = x.shape
        rows = large.reshape(n, h, down, -1)
        yield partial(np.copyto, rows[:, :, 0].reshape(n, h, w, across, channels), x[:, :, :, None])
        yield from (partial(np.copyto, rows[:, :, i], rows[:, :, 0]) for i in range(1, down))


def repeating_back(grad: Array, factor: tuple[int, int], tall: Array, out: Array) -> Iterator[Run]:
    """Yield calls that add up the gradients of all copies of every pixel."""
    down, across = factor
    for large, small in samples_in_cache(grad, out):
        n, h, w, channels = small.shape
        rows = large.reshape(n, h, down, -1)
        narrow = shaped(tall, (n, h, w * across * channels))
        yield from _adding_up([rows[:, :, i] for i in range(down)], narrow)
        pixels = narrow.reshape(n, h, w, across, channels)
        yield from _adding_up([pixels[:, :, :, j] for j in range(across)], small)


def _adding_up(parts: Sequence[Array], out: Array) -> Iterator[Run]:
    first, *others = parts
    yield partial(np.add, first, others[0], out) if others else partial(np.copyto, out, first)
    yield from (partial(np.add, out, other, out) for other in others[1:])


def stretching(image: Array, factor: tuple[int, int], tall: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that enlarge images, linear between the middles of pixels."""
    for large, x in samples_in_cache(out, image):
        n, h, w, channels = x.shape
        between = shaped(tall, (n, h * factor[0], w, channels))
        yield from _stretch(x, ROWS, factor[0], shaped(work, x.shape), between)
        yield from _stretch(between, COLUMNS, factor[1], shaped(work, between.shape), large)


def stretching_back(grad: Array, factor: tuple[int, int], tall: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the gradient at the input of `stretching`."""
    for large, small in samples_in_cache(grad, out):
        n, h, w, channels = small.shape
        between = shaped(tall, (n, h * factor[0], w, channels))
        yield from _stretch_back(large, COLUMNS, factor[1], shaped(work, between.shape), between)
        yield from _stretch_back(between, ROWS, factor[0], shaped(work, small.shape), small)


def _phases(factor: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield for each place within a pixel: its number, the neighbour that it leans to, and both weights."""
    for place in range(factor):
        lean = (place + 0.5) / factor - 0.5
        yield place, -1 if lean < 0 else 1, 1 - abs(lean), abs(lean)


def _part(x: Array, axis: int, part: slice) -> Array:
    return x[:, part] if axis == ROWS else x[:, :, part]


def _pairs(neighbour: int) -> tuple[tuple[slice, slice], ...]:
    """Return which targets have which pixels as their neighbours; at the edge a pixel is its own."""
    if neighbour < 0:
        return (slice(1, None), slice(None, -1)), (slice(None, 1), slice(None, 1))
    return (slice(None, -1), slice(1, None)), (slice(-1, None), slice(-1, None))


def _stretch(x: Array, axis: int, factor: int, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write `x` enlarged along one axis; `work` is like `x`."""
    for place, neighbour, own, other in _phases(factor):
        target = _part(out, axis, slice(place, None, factor))
        yield partial(np.multiply, x, constant(own, x.dtype), target)
        if other:
            yield partial(np.multiply, x, constant(other, x.dtype), work)
            for to, source in _pairs(neighbour):
                spot = _part(target, axis, to)
                yield partial(np.add, spot, _part(work, axis, source), spot)


def _stretch_back(grad: Array, axis: int, factor: int, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the gradient at the input of `_stretch`; `work` is like `out`."""
    yield partial(out.fill, 0)
    for place, neighbour, own, other in _phases(factor):
        arriving = _part(grad, axis, slice(place, None, factor))
        yield partial(np.multiply, arriving, constant(own, out.dtype), work)
        yield partial(np.add, out, work, out)
        if other:
            yield partial(np.multiply, arriving, constant(other, out.dtype), work)
            for to, source in _pairs(neighbour):
                spot = _part(out, axis, source)
                yield partial(np.add, spot, _part(work, axis, to), spot)
