"""Values in arrays of another shape: all in their order, or those that are picked."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import LAST, channels_last


def copying_in_order(x: Array, out: Array) -> Run:
    """Return a function that copies `x` into `out`, which has as many values, in the order of axes, whatever that in memory."""
    if out.flags.c_contiguous:
        return partial(np.copyto, out.reshape(x.shape), x)
    if x.flags.c_contiguous:
        return partial(np.copyto, out, x.reshape(out.shape))
    return lambda: np.copyto(out, x.reshape(out.shape))


def picking(x: Array, axis: int, places: Array, out: Array) -> Run:
    """Return a function that copies what stands at some places of an axis into `out`."""
    axis = LAST[x.ndim].index(axis) if x.ndim in LAST else axis
    return partial(channels_last(x).take, places, axis, channels_last(out), "clip")
