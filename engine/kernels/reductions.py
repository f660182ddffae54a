"""Sums over the axes of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, aligned
from engine.calls import Run, in_turn
from engine.kernels.memory import LAST, PIECE, channels_last, ones

NARROW = 64  # columns


def sum_rows(x: Array, out: Array) -> None:
    """Write the sum over the first axis of a matrix into `out`: (N, U) -> (U,).

    A product with ones is several times faster than `sum` and as exact.
    """
    row_sums(x, out)()


def row_sums(x: Array, out: Array) -> Run:
    """Return a function that does `sum_rows`, for each of a stack of matrices where `x` is one."""
    add_up = ones(x.shape[-2], x.dtype)
    return partial(add_up.dot, x, out) if x.ndim == 2 else partial(np.matmul, add_up, x, out)  # (N,) @ (..., N, U)


def sum_columns(x: Array, out: Array) -> None:
    """Write the sum over the last axis of a matrix into `out`: (N, U) -> (N,)."""
    x.dot(ones(x.shape[1], x.dtype), out)  # (N, U) @ (U,) -> (N,)


def sum_last(x: Array, out: Array) -> None:
    """Write the sum along the last axis of any array into `out` (..., 1), contiguous."""
    sum_columns(x.reshape(-1, x.shape[-1]), out.reshape(-1))


def largest_last(x: Array, out: Array, work: Array) -> None:
    """Write the largest value along the last axis of any array into `out` (..., 1), contiguous; `work` is like `x`.

    Along a short axis NumPy takes ten times as long as from row to row, so that few columns are turned first.
    """
    if x.shape[-1] > NARROW or not work.flags.c_contiguous:
        np.max(x, axis=-1, keepdims=True, out=out)
        return
    rows = x.reshape(-1, x.shape[-1])
    turned = work.reshape(x.shape[-1], -1)
    np.copyto(turned, rows.T)
    np.max(turned, axis=0, out=out.reshape(-1))


def sample_means(x: Array, out: Array) -> Run:
    """Return a function that writes the mean of each sample's values into `out`: (N · D) -> (N,), in order, sample by sample.

    Nothing is to be done where `x` is `out`, see `room_for_means`.
    """
    rows = x.reshape(len(out), -1)
    if np.may_share_memory(x, out):
        return in_turn(())
    if rows.shape[1] == 1:
        return partial(np.copyto, out, rows[:, 0])
    count = rows.shape[1]
    return partial(rows.dot, filled(count, 1 / count, x.dtype), out)  # (N, D) @ (D,) -> (N,)


def room_for_means(means: Array, work: Array) -> Array:
    """Return where what `sample_means` takes can be written: `means` itself where a sample has one value, else `work`."""
    return means.reshape(work.shape) if means.size == work.size else work


def channel_sums(x: Array) -> Array:
    """Return the sum of every channel over batch and pixels (images, volumes), or of every feature over all before it."""
    rows = channel_rows(x)
    width = x.shape[1] if x.ndim in LAST else x.shape[-1]
    total: Array = ones(len(rows), x.dtype).dot(rows)  # (R,) @ (R, W·C) -> (W·C,)
    return total.reshape(-1, width).sum(axis=0)


def write_channel_sums(x: Array, out: Array) -> None:
    """Write what `channel_sums` returns into `out`."""
    out[...] = channel_sums(x)


def channel_rows(x: Array) -> Array:
    """Return (N, C, H, W) as rows (N·H, W·C), and (..., F) as rows (·, F): long rows make the best of a processor.

    Volumes are images with one more side.
    """
    last = channels_last(x)
    return last.reshape(-1, last.shape[-1] * last.shape[-2]) if x.ndim in LAST else last.reshape(-1, last.shape[-1])


def row_width(x: Shape) -> int:
    """Return how many values the rows of `channel_rows` have, given the shape of one sample."""
    return x[0] * x[-1] if len(x) + 1 in LAST else x[-1]


class Sums:
    """The sums of every channel over the rows of several matrices, times a factor; `whole` and `part` are work rows."""

    def __init__(self, factor: float, whole: Array, part: Array, out: Array) -> None:
        self._factor, self._part, self._out = factor, part, out
        self._whole = out if whole.size == out.size else whole
        self._begun = False

    def adding(self, x: Array) -> Iterator[Run]:
        """Yield calls that add the rows of one matrix."""
        target = self._part if self._begun else self._whole
        yield partial(filled(len(x), self._factor, x.dtype).dot, x, target)  # (R,) @ (R, k·C) -> (k·C,)
        if self._begun:
            yield partial(np.add, self._whole, target, self._whole)
        self._begun = True

    def writing(self) -> Iterator[Run]:
        """Yield the call that writes the sums, where that is still to be done."""
        if self._whole is not self._out:
            pixels = self._whole.reshape(-1, self._out.size)
            yield partial(ones(len(pixels), pixels.dtype).dot, pixels, self._out)  # (k,) @ (k, C) -> (C,)


def filled(count: int, value: float, dtype: Any) -> Array:
    """Return a vector of equal values that nobody may write to; a product with it is a sum times the value."""
    if value == 1:
        return ones(count, dtype)
    made = aligned(count, dtype)
    made.fill(value)
    return made


def row_blocks(*rows: Array) -> Iterator[tuple[Array, ...]]:
    """Yield matrices with as many rows each in blocks of rows that fit the cache; the first is the widest."""
    count = max(PIECE // rows[0].shape[1], 1)
    for start in range(0, len(rows[0]), count):
        yield tuple(r[start : start + count] for r in rows)


def block_values(width: int) -> int:
    """Return how many values a work array needs for one of `row_blocks`, for rows of this width."""
    return max(PIECE // width, 1) * width
