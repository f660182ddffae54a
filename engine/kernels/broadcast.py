"""Values joined one by one, of which some are repeated along an axis of size 1, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import channels_last, pieces
from engine.kernels.reductions import row_sums


def adding(row: Array, out: Array) -> Run:
    """Return a function that adds a row to each of the rows of a contiguous matrix: (U,) to (N, U)."""
    if len(row) == 1:  # a number without axes is added in half the time
        values = out.reshape(-1)
        return partial(np.add, values, row.reshape(()), values)
    return partial(np.add, out, row, out)


def together(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield arrays in flat pieces that fit the cache where all have one shape, else whole, with channels last."""
    if len({array.shape for array in arrays}) == 1:
        yield from pieces(*arrays)
    else:
        yield tuple(map(channels_last, arrays))


def joining(join: np.ufunc, parts: Sequence[Array], out: Array) -> Iterator[Run]:
    """Yield calls that join the first part with the second, what comes of it with the third, and so on."""
    first, second, *others = parts
    yield partial(join, first, second, out=out)  # by name, as NumPy wants it of maximum and minimum
    yield from (partial(join, out, other, out=out) for other in others)


def room_for(grad: Array, work: Array) -> Array:
    """Return where a gradient of the whole shape can be written: `grad` itself where nothing was repeated, else `work`."""
    return grad if grad.shape == work.shape else work


def gathering(whole: Array, grad: Array) -> Iterator[Run]:
    """Yield the call that adds up in `grad` what belongs to each of its values; none where `whole` is `grad` itself."""
    if whole is grad:
        return
    axes = tuple(axis for axis, size in enumerate(grad.shape) if size == 1 and whole.shape[axis] > 1)
    pixels = tuple(range(2, whole.ndim))
    if axes == pixels:
        rows = channels_last(whole).reshape(len(whole), -1, whole.shape[1])
        yield row_sums(rows, grad.reshape(len(grad), -1))  # (P,) @ (N, P, C) -> (N, C)
    else:
        yield partial(np.add.reduce, whole, axes, None, grad, True)
