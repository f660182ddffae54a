"""Convolution with 3 × 3 filters by minimal filtering, F(2 × 2, 3 × 3): 16 multiplications for four outputs instead of 36.

Winograd, 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016. Images are channels-last. Their
outputs are cut into tiles of 2 × 2. Along each axis four values of the image make four sums, which are multiplied by four
sums of the filter and added up to two outputs:

    sums of the image    d0 - d2, d1 + d2, d2 - d1, d3 - d1
    sums of the filter   g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2
    outputs              m0 + m1 + m2, m1 - m2 + m3

Over both axes that makes 16 planes: one product (P, C) @ (C, F) each, for the P tiles of a block (see `tiles`), or one for
each few of the groups (see `groups`).

A volume (n, D, H, W, C) is a stack of images: each is filtered by itself, and a window sees KD of them. Its arrays have one
more axis before that of channels, *Z in planes (with the padding) and *D in products; those of images have none.
What a window sees lies in one piece in memory, (KD, C). So it is the row of a product with (KD · C, F), and nothing is copied.

What a step does are many small calls, so these functions make them once; a plan then calls them in every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import shaped
from engine.kernels.products import product

SUMS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
PLANES = np.kron(SUMS, SUMS)  # (16, 9): from the taps of a filter to its planes

Pairs = Sequence[tuple[Array, Array]]  # outputs as two arrays (T, TW, n, *D, F) each, in the order of phases


def sum_up(canvas: Array, sums: Array, planes: Array) -> Iterator[Run]:
    """Write planes (4, 4, T, TW, n, *Z, C) of a canvas (2, T + 1, 2, TW + 1, n, *Z, C) into `planes`; see `Tiles`.

    `sums` is a flat work array.
    """
    rows = shaped(sums, (4, planes.shape[2], *canvas.shape[2:]))
    even, odd = np.moveaxis(rows, (2, 3), (0, 1))
    yield from _four_sums(canvas[0], canvas[1], rows)
    yield from _four_sums(even, odd, planes.transpose(1, 3, 0, 2, *range(4, planes.ndim)))


def _four_sums(even: Array, odd: Array, out: Array) -> Iterator[Run]:
    """Write the four sums along the first axis, of T + 1 pairs of values, into `out` (4, T, ...)."""
    yield partial(np.subtract, even[:-1], even[1:], out[0])
    yield partial(np.add, odd[:-1], even[1:], out[1])
    yield partial(np.subtract, even[1:], odd[:-1], out[2])
    yield partial(np.subtract, odd[1:], odd[:-1], out[3])


def filter_planes(filters: Array, out: Array, *, flipped: bool = False) -> None:
    """Write the planes of filters (KD, 9, C · F), or of those that run backwards in each plane, into `out` (16, KD · C · F)."""
    planes = out.reshape(16, len(filters), -1).swapaxes(0, 1)
    sums = PLANES[:, ::-1] if flipped else PLANES
    np.matmul(sums.astype(filters.dtype), filters, planes)  # (16, 9) @ (KD, 9, CF) -> (KD, 16, CF)


def filter_gradient(planes: Array, out: Array) -> None:
    """Write the gradient of filters (KD, 9, C · F), given that of the planes (16, KD · C · F) of those that run backwards."""
    planes = planes.reshape(16, len(out), -1).swapaxes(0, 1)
    np.matmul(PLANES[:, ::-1].T.astype(planes.dtype), planes, out)  # (9, 16) @ (KD, 16, CF) -> (KD, 9, CF)


def multiply(planes: Array, filters: Array, products: Array) -> Run:
    """Return what writes products (4, 4, T, TW, n, *D, F) of planes (4, 4, T, TW, n, *Z, C) and those of filters.

    These are (16, G, KD · C/G, F/G): one product for each of G groups, or for each of D images in a volume.
    """
    (_, groups, width, features), count = filters.shape, prod(planes.shape[2:5])
    out = products.reshape(16, count, -1, features).swapaxes(1, 2)
    flat = planes.reshape(16, count, -1)
    plane, tile, value = flat.strides
    steps = plane, planes.shape[-1] // groups * value, tile, value
    matrices = as_strided(flat, (*out.shape[:3], width), steps, writeable=False)
    return product(matrices, filters, out)  # (16, D or G, P, KD·C/G) @ (16, G, KD·C/G, F/G)


def add_bias(products: Array, row: Array) -> Run:
    """Return what adds a bias to each output: `row` (..., F) is it again and again, for all in a row of tiles."""
    rows = products[1, 1].reshape(products.shape[2], -1)  # the one plane that comes into all four outputs
    return partial(np.add, rows, row.reshape(-1)[: rows.shape[1]], rows)


def outputs(products: Array) -> tuple[Pairs, list[Run]]:
    """Return pairs of arrays whose sums are the outputs, and the calls that make them.

    The arrays lie in the products. Nothing but its sum needs the first one of a pair.
    """
    first, second, third, fourth = products
    upper = products[:2]
    calls: list[Run] = [
        partial(np.add, first, second, first),
        partial(np.add, first, third, first),
        partial(np.subtract, second, third, second),
        partial(np.add, second, fourth, second),
        partial(np.add, upper[:, 0], upper[:, 1], upper[:, 0]),
        partial(np.subtract, upper[:, 1], upper[:, 2], upper[:, 1]),
    ]
    return [(first[0], first[2]), (first[1], first[3]), (second[0], second[2]), (second[1], second[3])], calls


def spread(planes: Array) -> Iterator[Run]:
    """Make the other planes of gradients from these four."""
    outer = planes[::3]
    yield partial(np.add, outer[:, 0], outer[:, 3], outer[:, 1])
    yield partial(np.subtract, outer[:, 0], outer[:, 3], outer[:, 2])
    yield partial(np.add, planes[0], planes[3], planes[1])
    yield partial(np.subtract, planes[0], planes[3], planes[2])


def filter_sums(gradients: Array, planes: Array, out: Array) -> Iterator[Run]:
    """Write what planes of gradients (4, 4, T, TW, n, *Z, F) and those of images give into `out` (16, G, KD · C/G, F/G).

    These are planes of filters that run backwards, but not from one image of a volume to the next.
    """
    grads, images = (_in_groups(p, out.shape[1]) for p in (gradients, planes))
    taps = out.reshape(*out.shape[:2], -1, images.shape[3], grads.shape[3])  # (16, G, KD, C/G, F/G)
    for number in range(taps.shape[2]):  # what a window sees next is the next row
        rows = grads[:, :, number:]
        seen = images[:, :, : rows.shape[2]].swapaxes(2, 3)
        yield product(seen, rows, taps[:, :, -1 - number])  # (C/G, P·Z) @ (P·Z, F/G) -> (C/G, F/G)


def _in_groups(planes: Array, count: int) -> Array:
    """Return planes (4, 4, T, TW, n, *Z, C) as a view (16, G, P · Z, C/G)."""
    return planes.reshape(16, -1, count, planes.shape[-1] // count).swapaxes(1, 2)
