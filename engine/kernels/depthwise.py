"""Convolution of every channel by itself, tap by tap. Images are channels-last: (N, H, W, C).

Each channel has M filters: filters are (KH, KW, C, M), results (N, OH, OW, C, M).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import PIECE, ones
from engine.kernels.windows import Windows


def images_at_once(windows: Windows, multiplier: int) -> int:
    """Return how many images make a block that fits the cache."""
    return min(max(PIECE // (windows.pixels * windows.channels * multiplier), 1), 64)


def _blocks(count: int, size: int) -> Iterator[slice]:
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def _taps(windows: Windows) -> Iterator[tuple[int, int]]:
    yield from np.ndindex(*windows.kernel)


def convolve(windows: Windows, x: Array, filters: Array, padded: Array, work: Array, y: Array) -> None:
    """Write the convolution into `y`. `padded` holds a block of images between zeros, `work` one of `y`."""
    for images in _blocks(len(x), len(padded)):
        block, out = padded[: images.stop - images.start], y[images]
        windows.inside(block)[...] = x[images]
        products = work[: len(block)]
        out[...] = 0
        for tap in _taps(windows):
            np.multiply(windows.spread(block, tap)[..., None], filters[tap], out=products)
            np.add(out, products, out=out)


def backward_filters(windows: Windows, x: Array, grad_y: Array, padded: Array, work: Array, out: Array) -> None:
    """Write the gradient of the filters (KH, KW, C, M) into `out`."""
    out[...] = 0
    width = out.shape[2] * out.shape[3]
    for images in _blocks(len(x), len(padded)):
        block, grad = padded[: images.stop - images.start], grad_y[images]
        windows.inside(block)[...] = x[images]
        products = work[: len(block)]
        rows = products.reshape(-1, width)
        for tap in _taps(windows):
            np.multiply(windows.spread(block, tap)[..., None], grad, out=products)
            out[tap] += ones(len(rows), rows.dtype).dot(rows).reshape(out.shape[2:])  # (P,) @ (P, C·M) -> (C·M,)


def backward_images(windows: Windows, filters: Array, grad_y: Array, spread: Array, work: Array, grad_x: Array) -> None:
    """Write the gradient of the images; `spread` is a work array for a block of them with their padding."""
    for images in _blocks(len(grad_x), len(spread)):
        block, grad = spread[: images.stop - images.start], grad_y[images]
        products = work[: len(block)]
        block[...] = 0
        for tap in _taps(windows):
            np.multiply(grad, filters[tap], out=products)
            pixels = windows.spread(block, tap)
            for one in range(filters.shape[3]):
                np.add(pixels, products[..., one], out=pixels)
        grad_x[images] = windows.inside(block)
