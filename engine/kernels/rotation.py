"""Rotation of pairs of values by angles that grow from step to step."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.calls import Run


@lru_cache(maxsize=64)
def turns(steps: int, pairs: int, base: float, dtype: Any) -> tuple[Array, Array]:
    """Return the cosines and sines of the angle of each step and pair, (T, pairs): t / base^(i / pairs)."""
    angles = np.arange(steps)[:, None] * float(base) ** (-np.arange(pairs) / pairs)
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotating(x: Array, heads: int, base: float, out: Array, *, back: bool = False) -> Run:
    """Return a function that writes x (N, T, heads · pairs · 2), every pair rotated by its angle, forwards or back.

    Pairs are complex numbers, and so is a rotation: one product.
    """
    n, steps, width = x.shape
    cosines, sines = turns(steps, width // (2 * heads), base, x.dtype)
    angles = np.tile(cosines + (-1j if back else 1j) * sines, heads).astype(np.result_type(x.dtype, np.complex64))
    pairs, target = (rows.reshape(n, -1).view(angles.dtype) for rows in (np.ascontiguousarray(x), out))
    return partial(np.multiply, pairs, angles.reshape(-1), target)
