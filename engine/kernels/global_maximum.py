"""The largest value of every channel, and the one place that gets its gradient.

Pixels are (N, P, C). A place is a number in all their values, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant

WIDE = 64  # channels: from here on it is faster to find the largest values first, and then where they are


def largest(x: Array, hit: Array, place: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the largest of all pixels into `out` (N, C), and where the first such is into `place` (intp).

    `hit` (bool) is a work array like `x`.
    """
    if x.shape[2] >= WIDE:
        yield partial(np.maximum.reduce, x, 1, None, out)
        yield partial(np.equal, x, out[:, None], hit)
        yield partial(hit.argmax, 1, place)
        yield from _numbers(x, place)
    else:
        yield partial(x.argmax, 1, place)
        yield from _numbers(x, place)
        yield partial(x.reshape(-1).take, place, None, out, "clip")


def _numbers(x: Array, place: Array) -> Iterator[Run]:
    """Yield calls that turn the numbers of pixels into those of values."""
    first = np.arange(len(x))[:, None] * x[0].size + np.arange(x.shape[2])
    yield partial(np.multiply, place, constant(x.shape[2], place.dtype), place)
    yield partial(np.add, place, first, place)


def largest_back(grad_y: Array, place: Array, grad_x: Array) -> Iterator[Run]:
    """Yield calls that give each gradient (N, C) to the value at its place, and zero to all others."""
    yield partial(grad_x.fill, 0)
    yield partial(grad_x.reshape(-1).__setitem__, place, grad_y)
