"""Products along one axis of images (N, H, W, C): each new row or column is a fixed mixture of the old ones."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def mix_rows(matrix: Array, x: Array, out: Array) -> None:
    """Write `matrix` (R, H) times the rows of `x` (N, H, W, C) into the contiguous `out` (N, R, W, C)."""
    n, height, width, channels = x.shape
    flat = x.reshape(n, height, width * channels)
    np.matmul(matrix, flat, out=out.reshape(n, len(matrix), width * channels))  # (R, H) @ (H, W·C) -> (R, W·C)


def mix_columns(matrix: Array, x: Array, out: Array) -> None:
    """Write `matrix` (R, W) times the columns of `x` (N, H, W, C) into `out` (N, H, R, C)."""
    np.matmul(matrix, x, out=out)  # (R, W) @ (W, C) -> (R, C)
