"""The largest value of every channel, and the one place that gets its gradient."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def largest(x: Array, place: Array, out: Array) -> None:
    """Write the largest of all pixels (N, P, C) into `out` (N, C), and the number of its pixel into `place` (intp)."""
    np.argmax(x, axis=1, out=place)
    out[...] = np.take_along_axis(x, place[:, None], 1)[:, 0]


def largest_back(grad_y: Array, place: Array, grad_x: Array) -> None:
    """Give each gradient (N, C) to the pixel of (N, ..., C) that was the largest."""
    samples, channels = np.ogrid[: len(place), : place.shape[1]]
    grad_x[...] = 0
    grad_x[samples, *np.unravel_index(place, grad_x.shape[1:-1]), channels] = grad_y
