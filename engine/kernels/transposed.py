"""Transposed convolution: every pixel of a small image paints a weighted filter onto a large one.

Images are channels-last. The windows are those of the large image (N, OH, OW, F): each belongs to one pixel of the small
one (N, H, W, C). The filters are a matrix (KH·KW·F, C). Going back is an ordinary convolution of the large image.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.convolution import add_bias, block_size, scattered
from engine.kernels.memory import stretches
from engine.kernels.windows import Windows


def canvas_shape(windows: Windows) -> Shape:
    """Return the shape of a block of large images with their padding."""
    return block_size(windows)[0], *windows.padded, windows.channels


def paint(
    windows: Windows, x: Array, filters: Array, bias: Array | None, taps: Array, canvas: Array, y: Array
) -> Iterator[Run]:
    """Write the large images into `y`. `taps` (flat) and `canvas` are work arrays with room for a block."""
    images, height = block_size(windows)
    for some in stretches(len(x), images):
        block = canvas[: some.stop - some.start]
        yield partial(block.fill, 0)
        for rows in stretches(windows.out[0], height):
            yield from scattered(x[some, rows], filters, taps, windows, [rows], block)
        yield partial(np.copyto, y[some], windows.inside(block))
    if bias is not None:
        yield from add_bias(bias, y)
