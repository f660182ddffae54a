"""Sums over the axes of arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array


@lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> Array:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones


def sum_rows(x: Array, out: Array) -> None:
    """Write the sum over the first axis of a matrix into `out`: (N, U) -> (U,).

    A product with ones is several times faster than `sum` and as exact.
    """
    _ones(len(x), x.dtype).dot(x, out)  # (N,) @ (N, U) -> (U,)
