"""Logarithms of softmax along the last axis, and the places of chosen classes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.reductions import largest_last, sum_last


@lru_cache(maxsize=16)
def _places(shape: Shape) -> tuple[Array, ...]:
    return tuple(np.indices(shape, sparse=True))


def chosen(target: Array) -> tuple[Array, ...]:
    """Return the index of each sample's own class in an array of all classes."""
    return (*_places(target.shape), target)


def softmax(x: Array) -> Array:
    """Return exp(x) / Σ exp(x) as a new array."""
    powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def shift(x: Array, row: Array, out: Array) -> None:
    """Write x less its largest value along the last axis; `row` (..., 1) is a work array."""
    largest_last(x, row, out)
    np.subtract(x, row, out=out)


def normalise(out: Array, row: Array) -> None:
    """Turn shifted values into their softmax; `row` (..., 1) gets the logarithm of their sum of powers."""
    np.exp(out, out=out)
    sum_last(out, row)
    out /= row
    np.log(row, out=row)
