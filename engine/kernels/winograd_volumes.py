"""Minimal filtering (see `winograd`) of volumes with KD × 3 × 3 filters: on each plane it is that of images.

A window's KD planes lie one behind the other in memory, as do their channels: (T, TW, n, Z, C). So they are the rows of
one product with the filters (16, KD · C, F), and nothing is copied.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array
from engine.kernels.products import product
from engine.kernels.winograd import Calls, fill, shaped, spread


def multiply(planes: Array, filters: Array, depth: int, work: Array) -> tuple[Array, Calls]:
    """Return products (4, 4, T, TW, n, D, F) of planes (4, 4, T, TW, n, Z, C) and filters, and the call that makes them.

    They lie in `work`.
    """
    features = filters.shape[2]
    products = shaped(work, (*planes.shape[:5], depth, features))
    out = products.reshape(16, -1, depth, features).swapaxes(1, 2)
    multiply = product(_windows(planes, depth), filters[:, None], out)  # (16, D, P, KD·C) @ (16, 1, KD·C, F)
    return products, iter([(multiply,)])


def _windows(planes: Array, depth: int) -> Array:
    """Return planes (4, 4, T, TW, n, Z, C) as a view (16, D, P, KD · C) of the windows along the depth."""
    flat = planes.reshape(16, -1, *planes.shape[5:])
    (sums, tile, plane, value), (_, count, size, channels) = flat.strides, flat.shape
    shape = 16, depth, count, (size - depth + 1) * channels
    return as_strided(flat, shape, (sums, plane, tile, value), writeable=False)


def fill_all(planes: Array, rows: slice, y: Array) -> Calls:
    """Make planes (4, 4, T, TW, n, Z, F) of gradients at the outputs (n, D, OH, OW, F), with zeros behind the last of D."""
    depth = y.shape[1]
    yield np.copyto, planes[::3, ::3, ..., depth:, :], 0
    yield from fill(planes[..., :depth, :], rows, y)
    yield from spread(planes)


def add_gradient(planes: Array, gradients: Array, part: Array, total: Array) -> Calls:
    """Add to `total` (16, KD, C, F) what planes (4, 4, T, TW, n, Z, C) and gradients filled as `fill_all` does give.

    `part` is a work array like `total`.
    """
    images, grads = (p.reshape(16, -1, p.shape[6]) for p in (planes, gradients))
    for tap in range(total.shape[1]):  # a window's next plane is the next row
        rows = images[:, tap:].swapaxes(1, 2)
        yield (product(rows, grads[:, : rows.shape[2]], part[:, tap]),)  # (C, P·Z) @ (P·Z, F) -> (C, F)
    yield np.add, total, part, total
