"""Rows of a table by number, and the way back."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def add_rows(numbers: Array, rows: Array, work: Array, out: Array) -> None:
    """Write into `out` (entries, width) the sum of the `rows` (n, width) of each number (n,); `work` is like `rows`.

    Sorted first, equal numbers stand together and one call adds them up.
    """
    out[...] = 0
    order = np.argsort(numbers, kind="stable")
    np.take(rows, order, axis=0, out=work, mode="clip")
    ordered = numbers[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    out[ordered[starts]] = np.add.reduceat(work, starts, axis=0)
