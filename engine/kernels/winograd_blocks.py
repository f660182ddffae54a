"""Minimal filtering (see `winograd`) of whole images and volumes, a block at a time (see `tiles`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TypeVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import shaped
from engine.kernels.quads import largest_of_quads, quads_back
from engine.kernels.tiles import Block, Phases, Tiles, phases, rows_first
from engine.kernels.winograd import Pairs, add_bias, filter_sums, multiply, outputs, spread, sum_up

Arrive = Callable[[slice, Phases], Iterable[Run]]  # the calls that put some images where they belong
Leave = Callable[[Block, Pairs], Iterable[Run]]  # the calls that do with a block's outputs what is to be done
Made = TypeVar("Made")


class Planes:
    """Turns images, block by block, into planes (4, 4, T, TW, n, *Z, C) of their T rows of TW tiles.

    `canvas` must be zero outside of the images (see `Tiles.canvas`). The others are flat work arrays: for the sums of a
    block along one axis, for those along both, which are its planes, and for the products of these.
    """

    def __init__(self, tiles: Tiles, canvas: Array, sums: Array, planes: Array, products: Array) -> None:
        self.tiles, self.products = tiles, products
        self._canvas, self._sums, self._planes = canvas, sums, planes

    def blocks(
        self, count: int, arrive: Arrive, prepare: Callable[[Array], Made]
    ) -> Iterator[tuple[Block, list[Run], Made]]:
        """Yield (block, calls, made) for every block of so many images. The calls fill planes; those of the next do so, too.

        What `prepare` has made of planes serves all blocks whose planes have that shape, for they lie in the same place.
        """
        sums, made = cache(self._sums_of), cache(lambda shape: prepare(shaped(self._planes, shape)))
        for images in self.tiles.images(count):
            some = images.stop - images.start
            calls = [*arrive(images, self.tiles.inside(self._canvas[:, :, :, :, :some]))]
            for rows in self.tiles.rows():
                shape, steps = sums(some, rows.start, rows.stop)
                yield (images, rows), [*calls, *steps], made(shape)
                calls = []

    def _sums_of(self, images: int, top: int, bottom: int) -> tuple[Shape, list[Run]]:
        """Return the shape of the planes of so many images and some rows of tiles, and the calls that fill them."""
        canvas = self._canvas[:, top : bottom + 1, :, :, :images]
        shape = 4, 4, bottom - top, canvas.shape[3] - 1, *canvas.shape[4:]
        return shape, [*sum_up(canvas, self._sums, shaped(self._planes, shape))]

    def multiplied(self, planes: Array) -> Array:
        """Return where the products (4, 4, T, TW, n, *D, F) of planes are."""
        return shaped(self.products, (*planes.shape[:5], *self.tiles.windows.out[:-2], self.tiles.filters))


def convolve(cut: Planes, count: int, arrive: Arrive, filters: Array, row: Array | None, leave: Leave) -> Iterator[Run]:
    """Convolve so many images with filters (16, G, KD · C/G, F/G) and add a bias, `row`, where there is one."""

    def prepare(planes: Array) -> tuple[Pairs, list[Run]]:
        products = cut.multiplied(planes)
        added = [] if row is None else [add_bias(products, row)]
        pairs, end = outputs(products)
        return pairs, [multiply(planes, filters, products), *added, *end]

    for block, calls, (pairs, steps) in cut.blocks(count, arrive, prepare):
        yield from (*calls, *steps, *leave(block, pairs))


def backward(
    x: Array, cut: Planes, arrive: Arrive, flipped: Array, part: Array, total: Array | None, grad_x: Array | None
) -> Iterator[Run]:
    """Write both gradients from the planes of that at the output, for windows that have `Windows.mirror`.

    `flipped` are the filters (16, G, KD · F/G, C/G) that run backwards. `total` gets what `filter_sums` writes, of all blocks,
    where it is wanted; `part` is a work array of its shape.
    """

    def prepare(planes: Array) -> tuple[Array, tuple[list[Run], list[Run]], Pairs, list[Run]]:
        products, images = cut.multiplied(planes), shaped(cut.products, (*planes.shape[:-1], cut.tiles.filters))
        first, further = list[Run](), list[Run]()
        if total is not None:
            first = [*spread(images), *filter_sums(planes, images, total)]
            further = [*spread(images), *filter_sums(planes, images, part), partial(np.add, total, part, total)]
        pairs, end = outputs(products)
        return images, (first, further), pairs, [multiply(planes, flipped, products), *end]

    for number, (block, calls, made) in enumerate(cut.blocks(len(x), arrive, prepare)):
        images, sums, pairs, steps = made
        yield from calls
        if total is not None:
            yield from (*fill(images, x, block), *sums[number > 0])
        if grad_x is not None:
            yield from (*steps, *write(grad_x, block, pairs))


def copy(images: Array, some: slice, inside: Phases) -> Iterator[Run]:
    """Copy some images to where they belong, phase by phase."""
    for target, source in zip(inside, phases(images[some]), strict=True):
        yield partial(np.copyto, target, source)


def unpool(grad: Array, choices: Array, tiles: Tiles, quads: Array, some: slice, inside: Phases) -> Iterator[Run]:
    """Give the gradients (N, H, W, F) of the largest, for some images, to where they were; `quads` is a work array."""
    given = grad[some].transpose(1, 2, 0, 3)
    flat, spread = quads[0, : given.size], quads[1:, : given.size]
    yield partial(np.copyto, flat.reshape(given.shape), given)
    yield partial(quads_back, flat, choices[:, tiles.span(some, slice(0, tiles.grid[0]))], spread)
    for target, source in zip(inside, spread, strict=True):
        yield partial(np.copyto, target.transpose(1, 2, 0, 3), source.reshape(given.shape))


def _parts(images: Array, block: Block) -> Iterator[Array]:
    """Yield what a block has of each phase of images (N, *D, H, W, C): (T, TW, n, *D, C), less at the end of an odd size."""
    some, rows = block
    for phase in phases(images[some]):
        yield rows_first(phase)[rows]


def fill(planes: Array, y: Array, block: Block) -> Iterator[Run]:
    """Put gradients at the outputs (N, *D, OH, OW, F) into the four of planes (4, 4, T, TW, n, *Z, F) that need no sums.

    Zeros come beyond an odd size, and behind the last of D.
    """
    corners = planes[0, 0], planes[0, 3], planes[3, 0], planes[3, 3]
    for part, plane in zip(_parts(y, block), corners, strict=True):
        for axis, size in enumerate(part.shape):
            if size < plane.shape[axis]:
                yield partial(np.copyto, np.moveaxis(plane, axis, 0)[size:], 0)
        yield partial(np.copyto, plane[tuple(map(slice, part.shape))], part)


def write(y: Array, block: Block, pairs: Pairs) -> Iterator[Run]:
    """Write the outputs of a block into images `y` (N, *D, OH, OW, F)."""
    for part, (one, other) in zip(_parts(y, block), pairs, strict=True):
        height, width = part.shape[:2]
        yield partial(np.add, one[:height, :width], other[:height, :width], part)


def pool(y: Array, choices: Array, tiles: Tiles, block: Block, pairs: Pairs) -> Iterator[Run]:
    """Write the largest output of each tile of a block into images `y` (N, H, W, F), and into `choices` which it was."""
    for one, other in pairs:
        yield partial(np.add, one, other, one)
    quads = tuple(one.reshape(-1) for one, _ in pairs)
    yield partial(largest_of_quads, quads, choices[:, tiles.span(*block)], quads[0])
    yield partial(np.copyto, y[block].transpose(1, 2, 0, 3), pairs[0][0])
