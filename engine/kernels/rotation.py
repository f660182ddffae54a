"""Rotation of pairs of values by angles that grow from step to step."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array


@lru_cache(maxsize=64)
def turns(steps: int, pairs: int, base: float, dtype: Any) -> tuple[Array, Array]:
    """Return the cosines and sines of the angle of each step and pair, (T, pairs): t / base^(i / pairs)."""
    angles = np.arange(steps)[:, None] * float(base) ** (-np.arange(pairs) / pairs)
    return np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)


def rotate(x: Array, cosines: Array, sines: Array, work: Array, out: Array) -> None:
    """Write pairs (N, T, heads, pairs, 2), each rotated by its angle, into `out`; `work` lacks the last axis."""
    cos, sin = cosines[:, None], sines[:, None]
    (x0, x1), (y0, y1) = (x[..., 0], x[..., 1]), (out[..., 0], out[..., 1])
    np.multiply(x1, sin, out=work)
    np.multiply(x0, cos, out=y0)
    np.subtract(y0, work, out=y0)
    np.multiply(x0, sin, out=work)
    np.multiply(x1, cos, out=y1)
    np.add(y1, work, out=y1)
