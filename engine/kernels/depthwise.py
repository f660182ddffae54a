"""Convolution of every channel by itself, tap by tap. Images are channels-last: (N, H, W, C).

Each channel has M filters, so results are (N, OH, OW, C, M). A block is a few images. Filters come as rows, repeated for
every column: (KH, KW, M, OW, C), so that a product with them runs through long rows without a stop.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import PIECE, ones
from engine.kernels.windows import Windows


def images_at_once(windows: Windows) -> int:
    """Return how many images make a block that fits the cache."""
    return min(max(PIECE // (4 * windows.pixels * windows.channels), 1), 64)


def _blocks(count: int, size: int) -> Iterator[slice]:
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def _whole(part: Array, room: Array) -> Array:
    """Return one filter's share of a block, (n, OH, OW, C), copied into `room` where it does not lie in one piece."""
    if part.flags.c_contiguous:
        return part
    np.copyto(room[: len(part)], part)
    return room[: len(part)]


def convolve(windows: Windows, x: Array, rows: Array, padded: Array, work: Array, y: Array) -> None:
    """Write the convolution into `y`. `padded` holds a block of images between zeros; `work` two of (n, OH, OW, C)."""
    for images in _blocks(len(x), len(padded)):
        block, out = padded[: images.stop - images.start], y[images]
        windows.inside(block)[...] = x[images]
        products, room = work[:, : len(block)]
        for number in range(rows.shape[2]):
            part = out[..., number]
            total = part if part.flags.c_contiguous else room
            total[...] = 0
            for tap in np.ndindex(*windows.kernel):
                np.multiply(windows.spread(block, tap), rows[tap][number], out=products)
                np.add(total, products, out=total)
            if total is room:
                part[...] = room


def backward_filters(windows: Windows, x: Array, grad_y: Array, padded: Array, work: Array, out: Array) -> None:
    """Write the gradient of the filters, (KH, KW, M, C), into `out`."""
    out[...] = 0
    width = windows.out[1] * windows.channels
    for images in _blocks(len(x), len(padded)):
        block = padded[: images.stop - images.start]
        windows.inside(block)[...] = x[images]
        products = work[0, : len(block)]
        lines = products.reshape(-1, width)
        for number in range(out.shape[2]):
            grad = _whole(grad_y[images][..., number], work[1])
            for tap in np.ndindex(*windows.kernel):
                np.multiply(windows.spread(block, tap), grad, out=products)
                sums = ones(len(lines), lines.dtype).dot(lines)  # (n·OH,) @ (n·OH, OW·C) -> (OW·C,)
                out[tap][number] += sums.reshape(-1, windows.channels).sum(axis=0)


def backward_images(windows: Windows, rows: Array, grad_y: Array, spread: Array, work: Array, grad_x: Array) -> None:
    """Write the gradient of the images; `spread` is a work array for a block of them with their padding."""
    for images in _blocks(len(grad_x), len(spread)):
        block = spread[: images.stop - images.start]
        products = work[0, : len(block)]
        block[...] = 0
        for number in range(rows.shape[2]):
            grad = _whole(grad_y[images][..., number], work[1])
            for tap in np.ndindex(*windows.kernel):
                np.multiply(grad, rows[tap][number], out=products)
                pixels = windows.spread(block, tap)
                np.add(pixels, products, out=pixels)
        grad_x[images] = windows.inside(block)
