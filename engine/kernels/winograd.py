"""Convolution with 3 × 3 filters by minimal filtering, F(2 × 2, 3 × 3): 16 multiplications for four outputs instead of 36.

Winograd, 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016. Images are channels-last. Their
outputs are cut into tiles of 2 × 2. Along each axis four values of the image make four sums, which are multiplied by four
sums of the filter and added up to two outputs:

    sums of the image    d0 - d2, d1 + d2, d2 - d1, d3 - d1
    sums of the filter   g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2
    outputs              m0 + m1 + m2, m1 - m2 + m3

Over both axes that makes 16 planes: one product (P, C) @ (C, F) each, for the P tiles of a block (see `tiles`), or one for
each few of the groups (see `groups`). What a step does with a block are many small calls, so these functions make them once,
as tuples of a function and its arguments; `run` then does them in every step.

Volumes are stacks of images here, (n, D, H, W, C), whose planes have one more axis before that of channels; their products
are in `winograd_volumes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.products import product
from engine.kernels.quads import largest_of_quads, quads_back
from engine.kernels.tiles import Phases, phases, rows_first

SUMS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
PLANES = np.kron(SUMS, SUMS)  # (16, 9): from the taps of a filter to its planes

Calls = Iterator[tuple[Any, ...]]


def run(calls: Iterable[tuple[Any, ...]]) -> None:
    """Do calls: each is a function and its arguments."""
    for function, *arguments in calls:
        function(*arguments)


def shaped(work: Array, shape: Shape) -> Array:
    """Return the beginning of a flat work array in a shape."""
    return work[: prod(shape)].reshape(shape)


def sum_up(canvas: Array, sums: Array, planes: Array) -> tuple[Array, Calls]:
    """Return planes (4, 4, T, TW, n, C) and the calls that fill them from a canvas (2, T + 1, 2, TW + 1, n, C).

    They lie in `planes`; that and `sums` are flat work arrays. See `Tiles`.
    """
    _, pairs, _, across, *rest = canvas.shape
    rows = shaped(sums, (4, pairs - 1, 2, across, *rest))
    out = shaped(planes, (4, 4, pairs - 1, across - 1, *rest))
    even, odd = np.moveaxis(rows, (2, 3), (0, 1))

    def calls() -> Calls:
        yield from _four_sums(canvas[0], canvas[1], rows)
        yield from _four_sums(even, odd, out.transpose(1, 3, 0, 2, *range(4, out.ndim)))

    return out, calls()


def _four_sums(even: Array, odd: Array, out: Array) -> Calls:
    """Write the four sums along the first axis, of T + 1 pairs of values, into `out` (4, T, ...)."""
    yield np.subtract, even[:-1], even[1:], out[0]
    yield np.add, odd[:-1], even[1:], out[1]
    yield np.subtract, even[1:], odd[:-1], out[2]
    yield np.subtract, odd[1:], odd[:-1], out[3]


def filter_planes(filters: Array, out: Array) -> None:
    """Write the planes of filters (9, C · F) into `out` (16, C · F)."""
    PLANES.astype(filters.dtype).dot(filters, out)  # (16, 9) @ (9, CF)


def filter_gradient(planes: Array, out: Array) -> None:
    """Write the gradient of filters (9, C · F), given that of their planes (16, C · F)."""
    PLANES.T.astype(planes.dtype).dot(planes, out)  # (9, 16) @ (16, CF)


def multiply(planes: Array, filters: Array, work: Array) -> tuple[Array, Calls]:
    """Return products (4, 4, T, TW, n, F) and the call that makes them of planes and those of filters (16, G, C/G, F/G).

    They lie in `work`.
    """
    products = shaped(work, (*planes.shape[:5], filters.shape[1] * filters.shape[3]))
    matrices, out = (in_groups(p, filters.shape[1]) for p in (planes, products))
    return products, iter([(product(matrices, filters, out),)])  # (16, G, P, C/G) @ (16, G, C/G, F/G)


def in_groups(planes: Array, count: int) -> Array:
    """Return planes (4, 4, T, TW, n, C) as a view (16, G, P, C/G)."""
    return planes.reshape(16, -1, count, planes.shape[5] // count).swapaxes(1, 2)


def add_bias(products: Array, row: Array) -> Calls:
    """Add a bias to each output; `row` is it again and again, as wide as a row of tiles (TW · n · F)."""
    rows = products[1, 1].reshape(-1, row.size)  # the one plane that comes into all four outputs
    yield np.add, rows, row, rows


def outputs(products: Array) -> tuple[list[tuple[Array, Array]], Calls]:
    """Return pairs of arrays (T, TW, n, F), in the order of phases, whose sums are the outputs, and calls that make them.

    The arrays lie in the products. Nothing but its sum needs the first one of a pair.
    """
    first, second, third, fourth = products

    def calls() -> Calls:
        yield np.add, first, second, first
        yield np.add, first, third, first
        yield np.subtract, second, third, second
        yield np.add, second, fourth, second
        upper = products[:2]
        yield np.add, upper[:, 0], upper[:, 1], upper[:, 0]
        yield np.subtract, upper[:, 1], upper[:, 2], upper[:, 1]

    return [(first[0], first[2]), (first[1], first[3]), (second[0], second[2]), (second[1], second[3])], calls()


def write(pairs: Sequence[tuple[Array, Array]], rows: slice, y: Array) -> Calls:
    """Write `outputs` into images `y` (n, OH, OW, F); `rows` are the rows of tiles."""
    for phase, (one, other) in zip(phases(y), pairs, strict=True):
        part = rows_first(phase)[rows]
        height, width = part.shape[:2]
        yield np.add, one[:height, :width], other[:height, :width], part


def fill(planes: Array, rows: slice, y: Array) -> Calls:
    """Put gradients at the outputs (n, OH, OW, F) into the four planes of (4, 4, T, TW, n, F) that they come into alone."""
    corners = planes[0, 0], planes[0, 3], planes[3, 0], planes[3, 3]
    for phase, plane in zip(phases(y), corners, strict=True):
        part = rows_first(phase)[rows]
        height, width = part.shape[:2]
        if part.shape != plane.shape:
            yield np.copyto, plane, 0  # beyond an odd size
        yield np.copyto, plane[:height, :width], part


def spread(planes: Array) -> Calls:
    """Make the other planes of gradients from these four."""
    outer = planes[::3]
    yield np.add, outer[:, 0], outer[:, 3], outer[:, 1]
    yield np.subtract, outer[:, 0], outer[:, 3], outer[:, 2]
    yield np.add, planes[0], planes[3], planes[1]
    yield np.subtract, planes[0], planes[3], planes[2]


def add_gradient(planes: Array, gradients: Array, part: Array, total: Array) -> Calls:
    """Add to `total` (16, G, C/G, F/G) what planes of images and of gradients give; `part` is a work array like it."""
    images, grads = (in_groups(p, total.shape[1]) for p in (planes, gradients))
    yield (product(images.swapaxes(2, 3), grads, part),)  # (C/G, P) @ (P, F/G) -> (C/G, F/G)
    yield np.add, total, part, total


def copy(sources: Phases, targets: Phases) -> Calls:
    """Copy images to where they belong, phase by phase."""
    for target, source in zip(targets, sources, strict=True):
        yield np.copyto, target, source


def pool(pairs: Sequence[tuple[Array, Array]], chosen: Array, out: Array) -> Calls:
    """Write the largest of `outputs` of each tile into `out` (n, T, TW, F)."""
    for one, other in pairs:
        yield np.add, one, other, one
    quads = tuple(one.reshape(-1) for one, _ in pairs)
    yield largest_of_quads, quads, chosen, quads[0]
    yield np.copyto, out.transpose(1, 2, 0, 3), pairs[0][0]


def unpool(grad: Array, chosen: Array, quads: Array, inside: Phases) -> Calls:
    """Give the gradients (T, TW, n, F) of the largest to where they were, on the canvas; `quads` is a work array."""
    flat, spread = quads[0, : grad.size], quads[1:, : grad.size]
    yield np.copyto, flat.reshape(grad.shape), grad
    yield quads_back, flat, chosen, spread
    for target, source in zip(inside, spread, strict=True):
        yield np.copyto, target.transpose(1, 2, 0, 3), source.reshape(grad.shape)
