"""Convolution of images as matrix products on blocks that fit the cache.

Images are channels-last here: (N, H, W, C). The filters are a matrix (KH·KW·C, F). A block is some images, or some rows of
a large one: their windows are copied side by side into `columns`, and one product does the rest. Images may be some of the
channels of others, as groups are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.windows import Windows

CACHE = 1 << 18  # values of a block's columns: about the second-level cache of one core
FEW_CHANNELS = 4  # up to here columns with pixels last are faster

Block = tuple[slice, slice]  # images, and rows of windows


def block_size(windows: Windows) -> tuple[int, int]:
    """Return how many images make a block, and how many rows of their windows."""
    image = windows.pixels * windows.width
    if image <= 2 * CACHE:
        return min(max(CACHE // image, 1), 64), windows.out[0]
    stripes = -(-image // CACHE)
    return 1, -(-windows.out[0] // stripes)


def padded_shape(windows: Windows) -> Shape:
    """Return the shape of a block's padded images, as `Columns` wants it."""
    images, _ = block_size(windows)
    if windows.channels <= FEW_CHANNELS:
        return images, windows.channels, *windows.padded
    return images, *windows.padded, windows.channels


def column_count(windows: Windows) -> int:
    """Return the values in a block's columns."""
    images, rows = block_size(windows)
    return images * rows * windows.out[1] * windows.width


class Columns:
    """Turns images (N, H, W, C), block by block, into a matrix (P, K) of their windows; P counts the windows of a block.

    `padded` must be zero outside of the images; `columns` is a flat work array. Both have room for one block.
    """

    def __init__(self, windows: Windows, padded: Array, columns: Array) -> None:
        self.windows, self.padded, self.columns = windows, padded, columns
        self.images, self.rows = block_size(windows)
        self.planar = windows.channels <= FEW_CHANNELS
        inner = padded.transpose(0, 2, 3, 1) if self.planar else padded
        self.inside = windows.inside(inner)
        self.patches = windows.planes(padded) if self.planar else windows.patches(padded)

    def blocks(self, x: Array) -> Iterator[tuple[Block, Array]]:
        """Yield (block, matrix) for every block of `x`; the matrix is overwritten by the next."""
        as_it_is = self.windows.is_plain and _in_rows(x)
        for first in range(0, len(x), self.images):
            images = slice(first, min(first + self.images, len(x)))
            if not as_it_is:
                np.copyto(self.inside[: images.stop - first], x[images])
            for top in range(0, self.windows.out[0], self.rows):
                rows = slice(top, min(top + self.rows, self.windows.out[0]))
                block = images, rows
                yield block, (x[block].reshape(-1, self.windows.width) if as_it_is else self.cut(block))

    def cut(self, block: Block) -> Array:
        """Return the windows of one block of the padded images, (P, K)."""
        (images, rows), width = block, self.windows.width
        n = images.stop - images.start
        flat = self.columns[: n * (rows.stop - rows.start) * self.windows.out[1] * width]
        if self.planar:
            patches = self.patches[:, :, :, :n, rows]
            np.copyto(flat.reshape(patches.shape), patches)
            return flat.reshape(width, -1).T
        patches = self.patches[:n, rows]
        np.copyto(flat.reshape(patches.shape), patches)
        return flat.reshape(-1, width)


def convolve(x: Array, filters: Array, bias: Array | None, columns: Columns, y: Array) -> None:
    """Write the convolution of `x` (N, H, W, C) with `filters` (K, F) into `y` (N, OH, OW, F)."""
    out = y if _in_rows(y) else np.empty(y.shape, y.dtype)
    row = None if bias is None or not out.flags.c_contiguous else np.tile(bias, y.shape[2])
    for block, matrix in columns.blocks(x):
        _multiply(matrix, filters, out[block])  # (P, K) @ (K, F) -> (P, F)
        if row is not None:
            _add_row(out[block], row)
    if out is not y:
        y[...] = out
    if bias is not None and row is None:
        np.add(y, bias, out=y)


def add_bias(y: Array, bias: Array) -> None:
    """Add a bias to each channel of images."""
    if y.flags.c_contiguous:
        _add_row(y, np.tile(bias, y.shape[2]))
    else:
        np.add(y, bias, out=y)


def _in_rows(images: Array) -> bool:
    """Tell whether images are a matrix (P, C) as they lie in memory."""
    return images.flags.c_contiguous or np.may_share_memory(images, images.reshape(-1, images.shape[3]))


def _multiply(matrix: Array, filters: Array, out: Array) -> None:
    if out.flags.c_contiguous:
        matrix.dot(filters, out.reshape(-1, out.shape[3]))
    else:
        np.matmul(matrix, filters, out=out.reshape(-1, out.shape[3]))


def _add_row(out: Array, row: Array) -> None:
    """Add what is as wide as a row of images to each of them."""
    rows = out.reshape(-1, len(row))
    np.add(rows, row, out=rows)


def backward_filters(x: Array, grad_y: Array, columns: Columns, part: Array, total: Array) -> None:
    """Write the gradient of the filters (K, F) into `total`; `part` is a work array of its shape."""
    total[...] = 0
    for block, matrix in columns.blocks(x):
        add_product(matrix, grad_y[block], part, total)  # (K, P) @ (P, F) -> (K, F)


def backward_mirrored(
    x: Array, grad_y: Array, columns: Columns, flipped: Array, part: Array, total: Array, grad_x: Array
) -> None:
    """Write both gradients from one copy of the windows of `grad_y`, for windows that have `Windows.mirrored`.

    `flipped` are the filters (KH·KW·F, C) with rows and columns reversed. `total` gets their gradient in that same form,
    `part` is a work array of its shape.
    """
    total[...] = 0
    out = grad_x if _in_rows(grad_x) else np.empty(grad_x.shape, grad_x.dtype)
    for block, matrix in columns.blocks(grad_y):
        add_product(matrix, x[block], part, total)  # (KF, P) @ (P, C) -> (KF, C)
        _multiply(matrix, flipped, out[block])  # (P, KF) @ (KF, C) -> (P, C)
    if out is not grad_x:
        grad_x[...] = out


def backward_scattered(
    x: Array, grad_y: Array, columns: Columns, filters: Array, part: Array, total: Array, spread: Array, grad_x: Array
) -> None:
    """Write both gradients for any stride: the gradient of each window is added back to where the window lay.

    `total` gets the gradient of the filters (K, F). `spread` is a work array for a block of padded images (n, H, W, C).
    """
    total[...] = 0
    windows = columns.windows
    for (images, rows), matrix in columns.blocks(x):
        grad, block = grad_y[images, rows], spread[: images.stop - images.start]
        add_product(matrix, grad, part, total)  # (K, P) @ (P, F) -> (K, F)
        taps = columns.columns[: matrix.size].reshape(-1, windows.width)
        grad.reshape(len(taps), -1).dot(filters.T, taps)  # (P, F) @ (F, K) -> (P, K)
        if rows.start == 0:
            block[...] = 0
        scatter(taps.reshape(*grad.shape[:3], *windows.kernel, windows.channels), windows, rows, block)
        if rows.stop == windows.out[0]:
            grad_x[images] = windows.inside(block)


def add_product(matrix: Array, values: Array, part: Array, total: Array) -> None:
    """Add the product of `matrix` (P, K), transposed, with `values` (P, F) to `total` (K, F); `part` is like it."""
    matrix.T.dot(values.reshape(len(matrix), -1), part)
    np.add(total, part, out=total)


def scatter(taps: Array, windows: Windows, rows: slice, block: Array) -> None:
    """Add what belongs to each tap of some rows of windows (n, R, OW, KH, KW, C) onto a block of padded images."""
    for i in range(windows.kernel[0]):
        for j in range(windows.kernel[1]):
            pixels = windows.spread(block, (i, j))[:, rows]
            np.add(pixels, taps[:, :, :, i, j], out=pixels)
