"""Transposed convolution: every pixel of a small image paints a weighted filter onto a large one.

Images are channels-last. The windows are those of the large image (N, OH, OW, F): each belongs to one pixel of the small
one (N, H, W, C). The filters are a matrix (KH·KW·F, C). Going back is an ordinary convolution of the large image.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.convolution import block_size, scatter
from engine.kernels.windows import Windows


def canvas_shape(windows: Windows) -> Shape:
    """Return the shape of a block of large images with their padding."""
    return block_size(windows)[0], *windows.padded, windows.channels


def paint(windows: Windows, x: Array, filters: Array, bias: Array | None, taps: Array, canvas: Array, y: Array) -> None:
    """Write the large images into `y`. `taps` (flat) and `canvas` are work arrays with room for a block."""
    images, rows = block_size(windows)
    for first in range(0, len(x), images):
        some = slice(first, min(first + images, len(x)))
        block = canvas[: some.stop - first]
        block[...] = 0
        for top in range(0, windows.out[0], rows):
            _paint_rows(windows, x[some, top : top + rows], filters, taps, top, block)
        y[some] = windows.inside(block)
    if bias is not None:
        np.add(y, bias, out=y)


def _paint_rows(windows: Windows, x: Array, filters: Array, taps: Array, top: int, block: Array) -> None:
    """Paint some rows of a block of small images, whose first is row `top`."""
    pixels = x.reshape(-1, x.shape[3])
    products = taps[: len(pixels) * windows.width].reshape(-1, windows.width)
    pixels.dot(filters.T, products)  # (P, C) @ (C, K) -> (P, K)
    each = products.reshape(*x.shape[:3], *windows.kernel, windows.channels)
    scatter(each, windows, slice(top, top + x.shape[1]), block)
