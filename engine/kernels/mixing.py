"""Products along one axis: each new row or column is a fixed mixture of the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.pooling import COLUMNS


def mix(matrix: Array, axis: int, x: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write `matrix` (R, S) times the S rows of `x` (N, S, ...), or its columns (N, H, S, C), into `out`."""
    if axis == COLUMNS:
        yield partial(np.matmul, matrix, x, out)  # (R, S) @ (S, C) -> (R, C)
        return
    whole = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    flat = x.reshape(*x.shape[:2], -1)
    yield partial(np.matmul, matrix, flat, whole.reshape(*out.shape[:2], -1))  # (R, S) @ (S, W·C) -> (R, W·C)
    if whole is not out:
        yield partial(np.copyto, out, whole)
