"""Products cut into blocks of the result, each small enough to be multiplied as it lies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run, in_turn

# Up to here OpenBLAS copies nothing: see `sgemm_small_matrix_permit` of its SkylakeX kernels.
SMALL = 1_000_000  # multiply-adds
SMALL_TURNED = 1200  # values of the result, where the second matrix lies transposed
LINE = 16  # values in a line of the cache
FEW = 32  # rows
NARROW = 64  # columns


def turned(matrix: Array) -> bool:
    """Tell whether a matrix, or each of a stack, lies transposed in memory."""
    return matrix.strides[-2] < matrix.strides[-1]


def in_blocks(a: Array, b: Array, out: Array, height: int, width: int) -> Run:
    """Return a function that writes a @ b into `out`, in blocks of so many rows and columns of the result."""
    return in_turn(partial(np.matmul, *part) for part in _blocks(a, b, out, height, width))


def _blocks(a: Array, b: Array, out: Array, height: int, width: int) -> Iterator[tuple[Array, Array, Array]]:
    """Yield blocks as views: (..., I, 1, h, K) @ (..., 1, J, K, w) -> (..., I, J, h, w); at the edges they are smaller."""
    (*first, _, depth), across, stack = a.shape, b.shape[:-2], out.shape[:-2]
    for rows, h in _cuts(out.shape[-2], height):
        left = a[..., rows, :].reshape(*first, -1, 1, h, depth)
        for columns, w in _cuts(out.shape[-1], width):
            right = b[..., columns].reshape(*across, 1, depth, -1, w).swapaxes(-2, -3)
            target = out[..., rows, columns].reshape(*stack, left.shape[-4], h, -1, w).swapaxes(-2, -3)
            yield left, right, target


def _cuts(size: int, step: int) -> Iterator[tuple[slice, int]]:
    """Yield the part of `size` things that falls into whole steps, and the rest, each with its step."""
    whole = size - size % step
    if whole:
        yield slice(0, whole), step
    if whole < size:
        yield slice(whole, size), size - whole


def block_shape(a: Array, b: Array) -> tuple[int, int] | None:
    """Return the rows and columns of the best blocks of a @ b; None where it should be left whole.

    The sizes are measured: blocks a few cache lines wide, and as high as SMALL allows.
    """
    (rows, depth), columns = a.shape[-2:], b.shape[-1]
    if columns < NARROW and not turned(b):
        return _narrow_shape(rows, depth, columns, turned(a))
    if turned(a):
        gains = not turned(b) and _turned_first_pays(rows, depth, columns)
        return fit(rows, depth, columns, 64, lowest=32) if gains else None
    if turned(b):
        return fit(rows, depth, columns, 32, lowest=8) if _turned_second_pays(rows, depth, columns) else None
    return fit(rows, depth, columns, 64, lowest=8) if pays(rows, depth, columns) else None


def _narrow_shape(rows: int, depth: int, columns: int, first_turned: bool) -> tuple[int, int] | None:
    """Return blocks as wide as a narrow result, and the higher for it: 0.3 to 0.9 of the time."""
    height = min(SMALL // (columns * depth), 4096 // columns) // 8 * 8
    badly = columns % LINE != 0 and columns > (20 if first_turned else FEW)
    badly |= first_turned and columns >= LINE and rows * depth > 1 << 19
    if badly or height < 16 or rows * depth * columns <= SMALL:
        return None
    return _evenly(rows, height, 8), columns


# Blocks read the second matrix anew for each few rows. That costs more than one copy in good order where there are many
# rows and it lies badly: its lines begin within cache lines, or it is larger than the cache. Measured, as ratios to the whole.


def pays(rows: int, depth: int, columns: int) -> bool:
    """Tell whether blocks are faster: down to 0.3 of the time with few rows; up to 3 times as long where this says no."""
    if columns % LINE and rows > FEW:
        return False
    most = 30_000_000 if columns <= 256 else 10_000_000
    return depth * columns <= 1 << 16 or rows * depth * columns <= most


def _turned_first_pays(rows: int, depth: int, columns: int) -> bool:
    """Tell it of a transposed first matrix: down to 0.6 of the time where it is not deep, else up to 1.5."""
    return depth <= 64 or (columns % LINE == 0 and rows * depth * columns < 1 << 25)


def _turned_second_pays(rows: int, depth: int, columns: int) -> bool:
    """Tell it of a transposed second matrix: down to 0.2 of the time with few rows, else up to 1.8."""
    if rows < 2 * FEW:
        return depth >= 32
    return rows < 256 and 2 * rows <= depth <= 1024 and depth % LINE == 0 and rows * depth * columns <= 70_000_000


def fit(rows: int, depth: int, columns: int, width: int, lowest: int) -> tuple[int, int] | None:
    """Return the highest block of a width, at most 64 and not under `lowest` rows; with fewer rows a wider one."""
    most = 64 if width == 64 else SMALL_TURNED // width
    height = min(SMALL // (width * depth), most) // 8 * 8
    whole = rows * depth * columns <= SMALL and (width == 64 or rows * columns <= SMALL_TURNED)
    if height < lowest or whole:
        return None
    height = _evenly(rows, height, 8)
    if rows <= height and width == 64:
        width = max(SMALL // (max(rows, 8) * depth) // 64 * 64, 64)
    return height, _evenly(columns, width, 16)


def _evenly(size: int, most: int, unit: int) -> int:
    """Return a step, at most `most`, by which `size` things fall into equal whole units; `most` where there is none near."""
    if size <= most:
        return size
    fewest = -(-size // most)
    counts = [count for count in range(fewest, 2 * fewest + 1) if size % (count * unit) == 0]
    return size // counts[0] if counts else most
