"""Pictures (N, H, W, C) read at places between their pixels, and the way back.

Pictures are read from a copy with a border, so that no place within reach lies outside of memory: a border pixel holds 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape

BEFORE, AFTER = (
    1,
    2,
)  # pixels of border on each side: places go from -1 to the size, and each reads the next one as well


def bordered(height: int, width: int, channels: int) -> Shape:
    """Return the shape of one picture with its border."""
    return (height + BEFORE + AFTER, width + BEFORE + AFTER, channels)


def inside(padded: Array) -> Array:
    """Return the picture within its border."""
    return padded[:, BEFORE:-AFTER, BEFORE:-AFTER]


def aim_at(aim: Array, rows: Array, columns: Array) -> None:
    """Write the place (N, H, W) that each pixel is read from: `aim` (N, 2, 3) @ (row, column, 1), from the middle."""
    height, width = rows.shape[1:]
    down, right = _from_middle(height, aim.dtype)[:, None], _from_middle(width, aim.dtype)
    for axis, (out, size) in enumerate(((rows, height), (columns, width))):
        by_row, by_column, moved = (aim[:, axis, i, None, None] for i in range(3))  # (N, 1, 1) each
        np.multiply(down, by_row, out=out)
        np.add(out, right * by_column + (moved + (size - 1) / 2), out=out)


def _from_middle(size: int, dtype: np.dtype[np.generic]) -> Array:
    return (np.arange(size) - (size - 1) / 2).astype(dtype)


def hold(places: Array, size: int, beyond: str) -> None:
    """Bring places along an axis within reach. `beyond` says what lies outside: the edge, a reflection, or zeros."""
    if beyond == "reflection":  # about the outer side of the edge pixels, as often as it takes
        np.add(places, 0.5, out=places)
        np.mod(places, 2 * size, out=places)
        np.subtract(places, size, out=places)
        np.abs(places, out=places)
        np.subtract(size - 0.5, places, out=places)
    lowest, highest = (-1, size) if beyond == "zeros" else (0, size - 1)
    np.clip(places, lowest, highest, out=places)


def locate(rows: Array, columns: Array, weight: Array, index: Array) -> None:
    """Split places: `index` gets the number of the pixel at their upper left, rows and columns how near they are to it."""
    stride = columns.shape[2] + BEFORE + AFTER
    np.floor(rows, out=weight)
    _nearness(rows, weight)
    np.multiply(weight, stride, out=index, casting="unsafe")
    np.floor(columns, out=weight)
    _nearness(columns, weight)
    np.add(index, weight, out=index, casting="unsafe")
    pixels = (rows.shape[1] + BEFORE + AFTER) * stride
    index += (np.arange(len(index)) * pixels + BEFORE * (stride + 1))[:, None, None]


def _nearness(places: Array, whole: Array) -> None:
    np.subtract(whole, places, out=places)
    np.add(places, 1, out=places)


def _corners(rows: Array, columns: Array, weight: Array, index: Array) -> Iterator[Array]:
    """Go round the four pixels about each place: `index` is the present one, yields its weight (N, H, W, 1).

    At the end all are as they were.
    """
    stride = columns.shape[2] + BEFORE + AFTER
    for nearness, step in ((columns, 1), (rows, stride), (columns, -1), (rows, -stride)):
        np.multiply(rows, columns, out=weight)
        yield weight[..., None]
        np.subtract(1, nearness, out=nearness)
        np.add(index, step, out=index)


def sample(padded: Array, rows: Array, columns: Array, weight: Array, index: Array, taken: Array, out: Array) -> None:
    """Read located places with bilinear weights: (N, H, W, C); `taken` is like `out`."""
    pixels = padded.reshape(-1, padded.shape[-1])
    out[...] = 0
    for share in _corners(rows, columns, weight, index):
        np.take(pixels, index, axis=0, out=taken, mode="clip")
        np.multiply(taken, share, out=taken)
        np.add(out, taken, out=out)


def sample_back(
    grad: Array, rows: Array, columns: Array, weight: Array, index: Array, taken: Array, places: Array, padded: Array
) -> None:
    """Write the gradient at the bordered picture of `sample`; `taken` is like `grad`, and so is `places`, of numbers."""
    channels = grad.shape[-1]
    padded[...] = 0
    for share in _corners(rows, columns, weight, index):
        np.multiply(grad, share, out=taken)
        np.multiply(index[..., None], channels, out=places)
        np.add(places, np.arange(channels), out=places)
        np.add.at(padded.reshape(-1), places.reshape(-1), taken.reshape(-1))
