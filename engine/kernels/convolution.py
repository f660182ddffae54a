"""Convolution of images and volumes as matrix products on blocks that fit the cache.

Images are channels-last here: (N, H, W, C). The filters are a matrix (KH·KW·C, F). A block is some images, or some rows of
a large one: their windows are copied side by side into `columns`, and one product does the rest. Images may be some of the
channels of others, as groups are. Volumes are images with one more side: (N, D, H, W, C), filters (KD·KH·KW·C, F).

What a step does are many small calls, so these functions make them once; a plan then calls them in every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product as product_of
from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import stretches
from engine.kernels.products import product, summed
from engine.kernels.windows import Windows

CACHE = 1 << 17  # values of a block's columns, if not of all filters: half of the second-level cache of one core
FEW_CHANNELS = 4  # up to here columns with pixels last are faster

Block = tuple[slice, ...]  # images, and windows along each side but the last


def block_size(windows: Windows) -> Shape:
    """Return how many images make a block, and how many of their windows along each side but the last."""
    image, values = windows.pixels * windows.width, _values(windows)
    if image <= 2 * values:
        return min(max(values // image, 1), 64), *windows.out[:-1]
    return 1, *_stripes(windows.out[:-1], windows.out[-1] * windows.width, values)


def _values(windows: Windows) -> int:
    """Return how many values the columns of a block have: as many as the filters, which every block reads and adds to."""
    return max(CACHE, windows.width * windows.filters)


def _stripes(sides: Shape, row: int, values: int) -> Shape:
    """Return how much of each side makes a block of so many values, the outermost first; a row has so many."""
    first, *rest = sides
    each = prod(rest) * row
    if rest and each > 2 * values:
        return 1, *_stripes(tuple(rest), row, values)
    stripes = -(-first * each // values)
    return -(-first // stripes), *rest


def padded_shape(windows: Windows) -> Shape:
    """Return the shape of a block's padded images, as `Columns` wants it."""
    images = block_size(windows)[0]
    if windows.channels <= FEW_CHANNELS:
        return images, windows.channels, *windows.padded
    return images, *windows.padded, windows.channels


def column_count(windows: Windows, whole: bool = False) -> int:
    """Return the values in a block's columns; in those of `whole` images, however large."""
    images, *most = block_size(windows)
    pixels = windows.pixels if whole else prod(most) * windows.out[-1]
    return images * pixels * windows.width


class Columns:
    """Turns images (N, H, W, C), block by block, into a matrix (P, K) of their windows; P counts the windows of a block.

    `padded` must be zero outside of the images; `columns` is a flat work array. Both have room for one block.
    """

    def __init__(self, windows: Windows, padded: Array, columns: Array) -> None:
        self.windows, self.padded, self.columns = windows, padded, columns
        self.images, *self.most = block_size(windows)
        self.planar = windows.channels <= FEW_CHANNELS
        self.inside = windows.inside(np.moveaxis(padded, 1, -1) if self.planar else padded)
        self.patches = windows.planes(padded) if self.planar else windows.patches(padded)

    def blocks(self, x: Array) -> Iterator[tuple[Block, list[Run], Array]]:
        """Yield (block, calls, matrix) for every block of `x`. The calls fill the matrix; those of the next overwrite it."""
        as_it_is = self.windows.is_plain and _in_rows(x)
        sides = zip(self.windows.out, self.most, strict=False)
        parts = list(product_of(*(list(stretches(size, most)) for size, most in sides)))
        for images in stretches(len(x), self.images):
            calls: list[Run] = [partial(np.copyto, self.inside[: images.stop - images.start], x[images])]
            for part in parts:
                block = images, *part
                if as_it_is:
                    yield block, [], x[block].reshape(-1, self.windows.width)
                    continue
                cut, matrix = self.cut(block)
                yield block, [*calls, cut], matrix
                calls = []

    def cut(self, block: Block) -> tuple[Run, Array]:
        """Return the windows of one block of the padded images, (P, K), and the call that copies them."""
        (images, *part), width = block, self.windows.width
        some = slice(images.stop - images.start), *part
        patches = self.patches[(*[slice(None)] * (len(part) + 2), *some) if self.planar else some]
        flat = self.columns[: patches.size]
        matrix = flat.reshape(width, -1).T if self.planar else flat.reshape(-1, width)
        return partial(np.copyto, flat.reshape(patches.shape), patches), matrix


def convolve(x: Array, filters: Array, bias: Array | None, columns: Columns, y: Array) -> Iterator[Run]:
    """Write the convolution of `x` (N, H, W, C) with `filters` (K, F) into `y` (N, OH, OW, F)."""
    row = np.empty(y.shape[-2:], y.dtype)
    if bias is not None:
        yield partial(np.copyto, row, bias)
    for block, calls, matrix in columns.blocks(x):
        yield from calls
        yield from _write(matrix, filters, y[block])  # (P, K) @ (K, F) -> (P, F)
        if bias is not None:
            yield _add_row(y[block], row)


def add_bias(bias: Array, y: Array) -> Iterator[Run]:
    """Add a bias to each channel of images."""
    row = np.empty(y.shape[-2:], y.dtype)
    yield partial(np.copyto, row, bias)
    yield _add_row(y, row)


def _add_row(images: Array, row: Array) -> Run:
    """Add what is as wide as a row of images to each of them."""
    if images.flags.c_contiguous:
        rows = images.reshape(-1, row.size)
        return partial(np.add, rows, row.reshape(-1), rows)
    return partial(np.add, images, row, images)


def _in_rows(images: Array) -> bool:
    """Tell whether images are a matrix (P, C) as they lie in memory."""
    return images.flags.c_contiguous or np.may_share_memory(images, images.reshape(-1, images.shape[-1]))


def _write(matrix: Array, filters: Array, out: Array) -> Iterator[Run]:
    """Write a product (P, K) @ (K, F) into images."""
    if _in_rows(out):
        yield product(matrix, filters, out.reshape(-1, out.shape[-1]))
        return
    made = np.empty(out.shape, out.dtype)
    yield product(matrix, filters, made.reshape(-1, out.shape[-1]))
    yield partial(np.copyto, out, made)


def backward_filters(x: Array, grad_y: Array, columns: Columns, part: Array, total: Array | None) -> Iterator[Run]:
    """Write the gradient of the filters (K, F) into `total`; `part` is a work array of its shape."""
    for number, (block, calls, matrix) in enumerate(columns.blocks(x)):
        yield from calls
        yield from add_images(number, matrix, grad_y[block], part, total)  # (K, P) @ (P, F) -> (K, F)


def backward_mirrored(
    x: Array, grad_y: Array, columns: Columns, flipped: Array, part: Array, total: Array | None, grad_x: Array
) -> Iterator[Run]:
    """Write both gradients from one copy of the windows of `grad_y`, for windows that have `Windows.mirrored`.

    `flipped` are the filters (KH·KW·F, C) with rows and columns reversed. `total` gets their gradient in that same form,
    where it is wanted; `part` is a work array of its shape.
    """
    for number, (block, calls, matrix) in enumerate(columns.blocks(grad_y)):
        yield from calls
        yield from add_images(number, matrix, x[block], part, total)  # (KF, P) @ (P, C) -> (KF, C)
        yield from _write(matrix, flipped, grad_x[block])  # (P, KF) @ (KF, C) -> (P, C)


def backward_pixels(
    x: Array, grad_y: Array, columns: Columns, filters: Array, part: Array, total: Array | None, grad_x: Array
) -> Iterator[Run]:
    """Write both gradients where every window is one pixel: that of the filters (C, F) into `total`."""
    for number, (block, calls, matrix) in enumerate(columns.blocks(x)):
        copies, values = in_rows(grad_y[block])
        yield from (*calls, *copies)
        if total is not None:
            yield from add_product(number, matrix, values, part, total)  # (C, P) @ (P, F) -> (C, F)
        yield from _write(values, filters.T, grad_x[block])  # (P, F) @ (F, C) -> (P, C)


def add_images(number: int, matrix: Array, images: Array, part: Array, total: Array | None) -> Iterator[Run]:
    """Do what `add_product` does with images (P, F); nothing where no total is wanted."""
    if total is None:
        return
    calls, values = in_rows(images)
    yield from calls
    yield from add_product(number, matrix, values, part, total)


def add_product(number: int, matrix: Array, values: Array, part: Array, total: Array) -> Iterator[Run]:
    """Add the product of `matrix` (P, K), transposed, with `values` (P, F) to `total` (K, F); `part` is like it.

    The first, whose number is 0, is written.
    """
    yield from summed(matrix.T, values, total, part, more=number > 0)


def in_rows(images: Array) -> tuple[list[Run], Array]:
    """Return images as a matrix (P, C), and the call that copies them where they do not lie so."""
    if _in_rows(images):
        return [], images.reshape(-1, images.shape[-1])
    copy = np.empty(images.shape, images.dtype)
    return [partial(np.copyto, copy, images)], copy.reshape(-1, images.shape[-1])
