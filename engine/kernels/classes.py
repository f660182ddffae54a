"""Logarithms of softmax along the last axis, and the places of chosen classes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import features_last, ones, shaped
from engine.kernels.reductions import largest_last, row_blocks, sum_last

FEW = 48  # classes


def softmax(x: Array) -> Array:
    """Return exp(x) / Σ exp(x) as a new array. Of few classes each is one row meanwhile: see `by_class`."""
    few = x.shape[-1] <= FEW
    values = np.array(x.reshape(-1, x.shape[-1]).T if few else x, order="C")
    axis = 0 if few else -1
    values -= values.max(axis=axis, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=axis, keepdims=True)
    return np.ascontiguousarray(values.T).reshape(x.shape) if few else values


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


def rows_of(row: Array, *arrays: Array) -> tuple[Array, ...]:
    """Return a work array (..., 1) and others as rows (N, 1) and (N, K); volumes as they are, whose last axis is no row."""
    if row.ndim > 4:
        return row, *arrays
    values = map(features_last, arrays)
    return row.reshape(-1, 1), *(a.reshape(-1, a.shape[-1]) for a in values)


def sharing(x: Array, row: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the softmax along the last axis; `row` (..., 1) is a work array.

    `work` has room for one block of rows, here and below.
    """
    for source, sums, target in row_blocks(x, row, out):
        values = by_class(shaped(work, source.shape)) if _few(source) else target
        yield from _shift(source, sums, values)
        yield partial(np.exp, values, values)
        yield _sum(values, sums)
        yield partial(np.divide, values, sums, values)
        if values is not target:
            yield partial(np.copyto, target, values)


def sharing_back(y: Array, grad: Array, row: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write y · (grad - Σ grad · y), the gradient at the input of a softmax."""
    for shares, g, sums, target in row_blocks(y, grad, row, out):
        yield partial(np.multiply, shares, g, target)
        yield _sum(target, sums)
        yield partial(np.subtract, g, sums, target)
        yield partial(np.multiply, target, shares, target)


def sharing_logs(x: Array, row: Array, sums: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the logarithms of the softmax along the last axis; `sums` is like `row`.

    `work` (2, ·) has room for two blocks.
    """
    for source, most, total, target in row_blocks(x, row, sums, out):
        values, powers = target, target
        if _few(source):
            values, powers = (by_class(shaped(half, source.shape)) for half in work)
        yield from _shift(source, most, values)
        yield partial(np.exp, values, powers)
        yield _sum(powers, total)
        yield partial(np.log, total, total)
        if powers is values:
            yield partial(np.subtract, source, most, values)
        yield partial(np.subtract, values, total, values)
        if values is not target:
            yield partial(np.copyto, target, values)


def sharing_logs_back(y: Array, grad: Array, row: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write grad - exp(y) · Σ grad, the gradient at the input of a logarithm of a softmax."""
    for logs, g, sums, target in row_blocks(y, grad, row, out):
        yield _sum(g, sums)
        yield partial(np.exp, logs, target)
        yield partial(np.multiply, target, sums, target)
        yield partial(np.subtract, g, target, target)


def _few(x: Array) -> bool:
    return x.ndim == 2 and x.shape[1] <= FEW


def _shift(x: Array, row: Array, values: Array) -> Iterator[Run]:
    if x.ndim == 2:
        yield from shifting(x, row[:, 0], values)
    else:
        yield partial(np.maximum.reduce, x, -1, None, row, True)
        yield partial(np.subtract, x, row, values)


def _sum(x: Array, row: Array) -> Run:
    """Return the call that writes the sums along the last axis."""
    if x.ndim == 2:
        return partial(x.dot, ones(x.shape[1], x.dtype), row[:, 0])  # (N, K) @ (K,) -> (N,)
    return partial(np.add.reduce, x, -1, None, row, True)
