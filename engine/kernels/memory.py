"""How arrays lie in memory: the order in which kernels walk through them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, aligned

# The axes of batches of images and of volumes, by their number: how to put channels last, and first again.
LAST = {4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
FIRST = {4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}
PIECE = 1 << 17  # values: few enough for the cache, enough for calls to cost nothing


def channels_last(x: Array) -> Array:
    """Return images (N, C, H, W) and volumes (N, C, D, H, W) as a view with C last; anything else as it is."""
    return x.transpose(LAST[x.ndim]) if x.ndim in LAST else x


def samples_last(x: Array) -> bool:
    """Tell whether a matrix (N, F) lies in memory as (F, N)."""
    return x.ndim == 2 and x.flags.f_contiguous and not x.flags.c_contiguous


def stored(x: Shape) -> Shape:
    """Return the shape of one sample as it lies in memory: images and volumes channels-last, anything else as it is."""
    return (*x[1:], x[0]) if len(x) + 1 in LAST else x


def features_last(x: Array) -> Array:
    """Return images with their channels last; anything else, volumes too, as it is: their last axis is their features'."""
    return channels_last(x) if x.ndim == 4 else x


def shaped_like(x: Array, work: Array) -> Array:
    """Return a contiguous working array as a view that lies in memory as `x` should: see `pieces`."""
    if samples_last(x):
        return work.reshape(x.shape[::-1]).T
    view = work.reshape(channels_last(x).shape)
    return view.transpose(FIRST[x.ndim]) if x.ndim in FIRST else view


def pieces(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield arrays of one shape in flat pieces that fit the cache; whole, where one of them is not contiguous.

    Images and volumes count as contiguous where their channels are last in memory, matrices also where all are samples last.
    """
    views = [a.T for a in arrays] if samples_last(arrays[0]) else [channels_last(a) for a in arrays]
    if not all(v.flags.c_contiguous for v in views):
        yield tuple(views)
        return
    size = views[0].size
    flat = [v.reshape(-1) for v in views]
    if size <= PIECE:
        yield tuple(flat)
        return
    for start in range(0, size, PIECE):
        yield tuple(f[start : start + PIECE] for f in flat)


def stretches(count: int, most: int) -> Iterator[slice]:
    """Yield `count` things in order, at most so many at a time."""
    for first in range(0, count, most):
        yield slice(first, min(first + most, count))


def samples_in_cache(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield arrays of as many samples each in blocks of samples that fit the cache; the first is the largest."""
    for some in stretches(len(arrays[0]), max(PIECE // arrays[0][0].size, 1)):
        yield tuple(array[some] for array in arrays)


def share(size: int, rank: int, count: int, unit: int = 1) -> slice:
    """Return the part of `size` things that belongs to one of `count` workers, in whole units."""
    units = -(-size // unit)
    return slice(min(units * rank // count * unit, size), min(units * (rank + 1) // count * unit, size))


def shaped(work: Array, shape: Shape) -> Array:
    """Return the beginning of a flat work array in a shape."""
    return work[: prod(shape)].reshape(shape)


def room(work: Array, piece: Array) -> Array:
    """Return so much of a flat work array of PIECE values as `piece` needs, in its shape."""
    return work[: piece.size] if piece.ndim == 1 and piece.size <= work.size else np.empty(piece.shape, piece.dtype)


@lru_cache(maxsize=32)
def _constant(value: float, count: int, dtype: Any) -> Array:
    made = aligned(count, dtype)
    made.fill(value)
    made.flags.writeable = False
    return made


def bound(value: float, x: Array) -> Array:
    """Return a number that a piece may not pass: as an array where that is contiguous, which is several times faster."""
    few = x.flags.c_contiguous and x.size <= PIECE
    return _constant(value, PIECE, x.dtype)[: x.size].reshape(x.shape) if few else constant(value, x.dtype)


@lru_cache(maxsize=256)
def constant(value: float, dtype: Any) -> Array:
    """Return a number as an array without axes, which costs half as much as a number in a call with small arrays."""
    made = np.array(value, dtype)
    made.flags.writeable = False
    return made


def ones(count: int, dtype: Any) -> Array:
    """Return a vector of ones that nobody may write to; a product with it is a sum."""
    return _constant(1.0, count, np.dtype(dtype))


def rectangles(part: slice, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield a part of a matrix's values as they lie in memory as rows and columns: whole rows, and what stands around them."""
    first, last = -(-part.start // width), part.stop // width
    head, tail = part.start - first * width + width, part.stop - last * width
    if first > last:  # all of it in one row
        yield slice(last, first), slice(head, tail)
        return
    if head < width:
        yield slice(first - 1, first), slice(head, width)
    if first < last:
        yield slice(first, last), slice(0, width)
    if tail:
        yield slice(last, last + 1), slice(0, tail)


def joined(matrix: Array, row: Array | None) -> Array | None:
    """Return a matrix with the row that lies behind it as one matrix: (I, U) and (U,) as (I + 1, U); None: it does not."""
    if row is None or matrix.base is None or matrix.base is not row.base or matrix.dtype != row.dtype:
        return None
    whole = matrix.flags.c_contiguous and row.flags.c_contiguous
    if not whole or row.ctypes.data != matrix.ctypes.data + matrix.nbytes:
        return None
    return np.lib.stride_tricks.as_strided(matrix, (len(matrix) + 1, len(row)))
