"""The same values in the same order, in arrays of another shape."""

from __future__ import annotations

from engine.arrays import Array


def copy_in_order(x: Array, out: Array) -> None:
    """Copy `x` into `out`, which has as many values, in the order of the axes, whatever the order in memory."""
    if out.flags.c_contiguous:
        out.reshape(x.shape)[...] = x
    else:
        out[...] = x.reshape(out.shape)
