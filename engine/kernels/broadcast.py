"""Values that are repeated along an axis of size 1, and the way back."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run


def adding(row: Array, out: Array) -> Run:
    """Return a function that adds a row to each of the rows of a contiguous matrix: (U,) to (N, U)."""
    if len(row) == 1:  # a number without axes is added in half the time
        values = out.reshape(-1)
        return partial(np.add, values, row.reshape(()), values)
    return partial(np.add, out, row, out)


def room_for(grad: Array, work: Array) -> Array:
    """Return where a gradient of the whole shape can be written: `grad` itself where nothing was repeated, else `work`."""
    return grad if grad.shape == work.shape else work


def gather_back(whole: Array, grad: Array) -> None:
    """Add up in `grad` what belongs to each of its values; nothing happens where `whole` is `grad` itself."""
    if whole is grad:
        return
    axes = tuple(axis for axis, size in enumerate(grad.shape) if size == 1 and whole.shape[axis] > 1)
    np.sum(whole, axis=axes, keepdims=True, out=grad)
