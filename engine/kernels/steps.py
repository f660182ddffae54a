"""Steps of padded series by number: which there are, where they stand, and how to bring them to other places.

A mask (N, T) is 1 at a step and 0 at padding.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def lengths(mask: Array) -> Array:
    """Return how many steps each series has: intp (N, 1)."""
    return np.count_nonzero(mask, axis=1, keepdims=True)


def front(mask: Array) -> tuple[Array, Array]:
    """Return the numbers of all steps in their order, padding last (N, T), and which of them are steps."""
    order = np.argsort(mask == 0, axis=1, kind="stable")
    return order, np.arange(mask.shape[1]) < lengths(mask)


def places(mask: Array) -> tuple[Array, Array]:
    """Return which step of its series stands at each place, counted from 0 (N, T), and where one stands at all."""
    return np.maximum(np.cumsum(mask != 0, axis=1) - 1, 0), mask != 0


def turned(mask: Array) -> tuple[Array, Array]:
    """Return which place has the step that comes to each place when a series is turned round, padding left alone."""
    order, _ = front(mask)
    ranks, there = places(mask)
    return np.take_along_axis(order, np.maximum(lengths(mask) - 1 - ranks, 0), axis=1), there


def move(x: Array, index: Array, there: Array, out: Array) -> None:
    """Write the steps of `x` (N, T, ...) with the numbers `index` (N, T) into `out`; zeros where none is `there`."""
    rows = index + np.arange(len(x))[:, None] * x.shape[1]
    np.take(x.reshape(-1, *x.shape[2:]), rows, axis=0, out=out, mode="clip")
    out *= there.reshape(*there.shape, *(1,) * (x.ndim - 2))
