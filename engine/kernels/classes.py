"""Logarithms of softmax along the last axis, and the places of chosen classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import ones
from engine.kernels.reductions import largest_last, sum_last

FEW = 48  # classes


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


def by_class(work: Array) -> Array:
    """Return a contiguous work array (..., K) as rows (N, K) for `shifting` and `normalising`.

    Few of them lie class by class in memory: along short axes NumPy takes two to four times as long.
    """
    classes = work.shape[-1]
    return work.reshape(classes, -1).T if classes <= FEW else work.reshape(-1, classes)


def shifting(x: Array, row: Array, values: Array) -> Iterator[Run]:
    """Yield calls that write rows (N, K) less their largest values into `values`, and these into `row` (N,)."""
    source, classes = x.T, values.T
    if not values.flags.c_contiguous:
        yield partial(np.copyto, values, x)
        source = classes
    yield partial(np.maximum.reduce, source, 0, None, row)
    yield partial(np.subtract, source, row, classes)


def finding(target: Array, x: Array, place: Array) -> Run:
    """Return a function that writes where each sample's own class stands in contiguous rows (N, K)."""
    return partial(np.add, np.arange(0, x.size, x.shape[1]), target.reshape(-1), place)


def taking_away(values: Array, x: Array, place: Array, work: Array) -> Iterator[Run]:
    """Yield calls that subtract `values` from contiguous rows at some places, which differ."""
    flat = x.reshape(-1)
    yield partial(flat.take, place, None, work, "clip")  # the other modes take twice the time
    yield partial(np.subtract, work, values, work)
    yield partial(flat.put, place, work, "clip")


def normalising(values: Array, row: Array) -> Iterator[Run]:
    """Yield calls that turn shifted rows (N, K) into their softmax; `row` (N,) gets the logarithms of their sums of powers."""
    yield partial(np.exp, values, values)
    yield partial(values.dot, ones(values.shape[1], values.dtype), row)  # (N, K) @ (K,) -> (N,)
    yield partial(np.divide, values.T, row, values.T)
    yield partial(np.log, row, row)
