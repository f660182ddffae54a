"""Series that were cut out of a longer one so that neighbours share steps: divided at random, they give away the answers."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import numpy as np

from engine.arrays import Array
from engine.columns import Column

LOOKED_AT, AT_MOST = 30, 300_000  # samples, and numbers of long ones
MOSTLY = 0.8  # of the neighbours


def shared_steps(column: Column) -> int:
    """Return how many steps each series has in common with the next one; 0 where they do not overlap."""
    if column.kind != "number" or len(column.inner) != 2 or len(column.values) < 3 or not column.values.size:
        return 0
    count = min(LOOKED_AT, max(3, AT_MOST // prod(column.inner)))
    some = np.nan_to_num(np.asarray(column.values[:count], np.float64))
    moved = [_moved(before, after) for before, after in pairwise(some)]
    likely = max(set(moved), key=moved.count)
    return column.inner[0] - likely if likely and moved.count(likely) >= MOSTLY * len(moved) else 0


def _moved(before: Array, after: Array) -> int:
    """Return by how many steps one series lies after another one (steps, features); 0 where they share none."""
    steps = len(before)
    for start in np.flatnonzero((before == after[0]).all(axis=1)).tolist():
        same = np.array_equal(before[start:], after[: steps - start])
        if start and steps - start > 1 and same and (before[start:] != before[-1]).any():
            return int(start)
    return 0
