"""Transposed convolution: every pixel of a small image paints a weighted filter onto a large one.

Images are channels-last. The windows are those of the large image (N, OH, OW, F): each belongs to one pixel of the small
one (N, H, W, C). The filters are a matrix (KH·KW·F, C). Going back is an ordinary convolution of the large image.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.convolution import add_bias, block_size
from engine.kernels.memory import stretches
from engine.kernels.scattering import scattered, turned
from engine.kernels.windows import Windows


def paint(
    windows: Windows,
    x: Array,
    filters: Array,
    bias: Array | None,
    taps: Array,
    room: Array | None,
    canvas: Array,
    y: Array,
) -> Iterator[Run]:
    """Write the large images into `y`. `taps` (flat) and `canvas` have room for a block, `room` for turned filters."""
    calls, matrices = turned(windows, filters, len(x), room)
    yield from calls
    images, height = block_size(windows)
    for some in stretches(len(x), images):
        for rows in stretches(windows.out[0], height):
            yield from scattered(x[some, rows], matrices, taps, windows, [rows], canvas, y[some])
    if bias is not None:
        yield from add_bias(bias, y)
