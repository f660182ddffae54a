"""A convolution with 3 × 3 filters that needs fewer multiplications: what the compiler puts in its place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels import winograd
from engine.kernels.groups import Grouping, grouping, on_diagonal
from engine.kernels.memory import channels_last
from engine.kernels.reductions import write_channel_sums
from engine.kernels.tiles import Phases, Tiles, phases
from engine.layer import Example, Layer, Scratch, Weight
from engine.layers.conv2d import Conv2D
from engine.layers.convolution import windows_of
from engine.layers.pooled_conv2d import PooledConv2D
from engine.spec import param

Calls = list[tuple[Any, ...]]  # functions with their arguments

FEWEST = 24  # channels and filters from which on it pays, measured against blocks of windows
FEWEST_POOLED = 16  # and where a pooling is behind it
FEWEST_TILES = 9  # and tiles of an image


@lru_cache(maxsize=1024)
def _groups(layer: Conv2D, channels: int) -> Grouping:
    """Return how the groups are computed, of so many channels each."""
    return grouping(layer.groups, channels, layer.filters // layer.groups)


@lru_cache(maxsize=1024)
def _tiles(layer: Conv2D, x: Shape) -> tuple[Tiles, Tiles]:
    """Return the tiles of the output, and those of the input on the way back."""
    windows, products = windows_of(layer, x), _groups(layer, x[0] // layer.groups).products
    mirror = windows.mirror(layer.filters)
    assert mirror
    return Tiles(windows, layer.filters, products), Tiles(mirror, x[0], products)


class WinogradConv2D(Layer, abstract=True):
    """A convolution by minimal filtering, and, where `pooled`, the largest of each 2 × 2 of its outputs.

    These are its tiles, so that pooling compares whole arrays. The way back is a convolution, too; from its planes come
    both gradients.
    """

    category = "Convolution"
    convolution: Conv2D = param("The convolution.", default=Conv2D(), hidden=True)
    pooled: bool = param("Whether only the largest of each 2 × 2 outputs is kept.", default=False)

    @classmethod
    def of(cls, layer: Layer, *inputs: Shape) -> WinogradConv2D | None:
        """Return the layer for such inputs as one of these; None where it does not suit or pay."""
        pooled = isinstance(layer, PooledConv2D)
        first = layer.convolution if isinstance(layer, PooledConv2D) else layer
        if not isinstance(first, Conv2D) or first.kernel != (3, 3):
            return None
        channels = inputs[0][0]
        fewest = FEWEST_POOLED if pooled else FEWEST
        if min(channels, first.filters) < fewest * _groups(first, channels // first.groups).products:
            return None
        windows = windows_of(first, inputs[0])
        suits = windows.dilation == (1, 1) and windows.mirror(first.filters)
        return cls(convolution=first, pooled=pooled) if suits and pays(windows.out) else None

    def shape(self, x: Shape) -> Shape:
        filters, height, width = self.convolution.shape(x)
        return (filters, height // 2, width // 2) if self.pooled else (filters, height, width)

    def weights(self, x: Shape) -> dict[str, Weight]:
        return self.convolution.weights(x)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        there, back = _tiles(self.convolution, x)
        channels, filters, groups = (
            x[0],
            self.convolution.filters,
            _groups(self.convolution, x[0] // self.convolution.groups),
        )
        count = channels * filters // self.convolution.groups
        planes, merged = Scratch((16, count), batched=False), groups.merged > 1
        matrices = Scratch((16, count * groups.merged), batched=False)
        work = {
            "canvas": Scratch(there.canvas, batched=False, kept=True),
            "mirrored": Scratch(back.canvas, batched=False, kept=True),
            "sums": Scratch((there.sums,), batched=False),
            "back_sums": Scratch((back.sums,), batched=False),
            "planes": Scratch((there.planes(channels),), batched=False),
            "back_planes": Scratch((back.planes(filters),), batched=False),
            "products": Scratch((there.planes(filters),), batched=False),
            "back_products": Scratch((back.planes(channels),), batched=False),
            "filter_planes": planes,
            "flipped": planes,
            "part": matrices,
            "total": matrices,
        }
        if merged:
            work |= dict.fromkeys(("diagonal", "flipped_diagonal"), replace(matrices, kept=True))
        if self.pooled:
            outputs = int(np.prod(self.shape(x)))
            work["choices"] = Scratch((3, outputs), dtype="bool")
            work["quads"] = Scratch((5, back.block[0] * outputs), batched=False)
        return work

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        canvas: Array,
        sums: Array,
        planes: Array,
        products: Array,
        filter_planes: Array,
        diagonal: Array | None,
        choices: Array | None,
        y: Array,
    ) -> Run:
        tiles, _ = _tiles(self.convolution, x.shape[1:])
        images, out = channels_last(x), channels_last(y)
        taps, blocks = weight.transpose(2, 3, 1, 0).reshape(9, -1), self._blocks(filter_planes)
        filters = _matrices(blocks, diagonal)
        calls: Calls = [(winograd.filter_planes, taps, filter_planes)]
        if diagonal is not None:
            calls.append((np.copyto, on_diagonal(diagonal, blocks), blocks))
        row = np.empty((tiles.grid[1] * tiles.block[0], len(weight)), y.dtype)
        if bias is not None:
            calls.append((np.copyto, row, bias))

        @cache
        def convolve(count: int, top: int, bottom: int) -> tuple[list[tuple[Array, Array]], list[tuple[Any, ...]]]:
            cut, steps = winograd.sum_up(canvas[:, top : bottom + 1, :, :, :count], sums, planes)
            made, product = winograd.multiply(cut, filters, products)
            added = () if bias is None else winograd.add_bias(made, row[: tiles.grid[1] * count].reshape(-1))
            pairs, end = winograd.outputs(made)
            return pairs, [*steps, *product, *added, *end]

        for some in tiles.images(len(x)):
            count = some.stop - some.start
            calls += winograd.copy(phases(images[some]), tiles.inside(canvas[:, :, :, :, :count]))
            for rows in tiles.rows():
                pairs, steps = convolve(count, rows.start, rows.stop)
                calls += steps
                if choices is None:
                    calls += winograd.write(pairs, rows, out[some])
                else:
                    calls += winograd.pool(pairs, self._chosen(choices, some, rows, tiles), out[some, rows])
        return partial(winograd.run, calls)

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array,
        mirrored: Array,
        back_sums: Array,
        back_planes: Array,
        back_products: Array,
        choices: Array | None,
        quads: Array | None,
        flipped: Array,
        flipped_diagonal: Array | None,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        there, tiles = _tiles(self.convolution, x.shape[1:])
        images, grad, blocks = channels_last(x), channels_last(grad_y), self._flipped_blocks(flipped)
        filters, merges = _matrices(blocks, flipped_diagonal), flipped_diagonal is not None
        sums = [_matrices(blocks, work) if merges else _matrices(self._flipped_blocks(work)) for work in (part, total)]
        turned = winograd.shaped(part.reshape(-1), (3, 3, *weight.shape[:2]))
        taps = turned.reshape(9, -1)
        calls: Calls = [
            (np.copyto, turned, weight.transpose(2, 3, 0, 1)[::-1, ::-1]),
            (winograd.filter_planes, taps, flipped),
            *([(np.copyto, on_diagonal(flipped_diagonal, blocks), blocks)] if flipped_diagonal is not None else []),
            (np.copyto, total, 0),
            *([] if grad_bias is None else [(write_channel_sums, grad_y, grad_bias)]),
        ]

        @cache
        def convolve(count: int, top: int, bottom: int) -> tuple[Array, Any, Calls, Calls]:
            cut, steps = winograd.sum_up(mirrored[:, top : bottom + 1, :, :, :count], back_sums, back_planes)
            made, product = winograd.multiply(cut, filters, back_products)
            pairs, end = winograd.outputs(made)
            summed = [*steps, *winograd.spread(made), *winograd.add_gradient(cut, made, *sums)]
            return made, pairs, summed, [*product, *end]

        for some in tiles.images(len(x)):
            count = some.stop - some.start
            inside = tiles.inside(mirrored[:, :, :, :, :count])
            calls += self._arrived(grad, choices, quads, some, inside, there)
            for rows in tiles.rows():
                made, pairs, summed, multiplied = convolve(count, rows.start, rows.stop)
                calls += [*winograd.fill(made, rows, images[some]), *summed]
                if grad_x is not None:
                    calls += [*multiplied, *winograd.write(pairs, rows, channels_last(grad_x)[some])]
        calls += [
            *([(np.copyto, blocks, on_diagonal(total, blocks))] if merges else []),
            (winograd.filter_gradient, flipped if merges else total, taps),
            (np.copyto, grad_weight.transpose(2, 3, 0, 1), turned[::-1, ::-1]),
        ]
        return partial(winograd.run, calls)

    def _blocks(self, planes: Array) -> Array:
        """Return planes of filters (16, C · F) as a view (products, 16, merged, C, F)."""
        filters = planes.reshape(16, -1, self.convolution.filters).transpose(2, 1, 0)
        return _groups(self.convolution, filters.shape[1]).blocks(filters)

    def _flipped_blocks(self, planes: Array) -> Array:
        """Return planes of filters (16, F · C) as a view (products, 16, merged, F, C)."""
        filters = planes.reshape(16, self.convolution.filters, -1).transpose(1, 2, 0)
        return _groups(self.convolution, filters.shape[1]).blocks(filters).swapaxes(3, 4)

    def _arrived(
        self, grad: Array, choices: Array | None, quads: Array | None, some: slice, inside: Phases, tiles: Tiles
    ) -> winograd.Calls:
        """Return what puts the gradients of some images on the canvas, each where its output was chosen from."""
        if choices is None or quads is None:
            return winograd.copy(phases(grad[some]), inside)
        chosen = self._chosen(choices, some, slice(0, tiles.grid[0]), tiles)
        return winograd.unpool(grad[some].transpose(1, 2, 0, 3), chosen, quads, inside)

    def _chosen(self, choices: Array, images: slice, rows: slice, tiles: Tiles) -> Array:
        """Return the choices (3, M) of a block: they lie in the order of its tiles."""
        start, count, (height, width) = images.start, images.stop - images.start, tiles.grid
        row = width * self.convolution.filters
        first = start * height * row + count * rows.start * row
        return choices.reshape(3, -1)[:, first : first + count * (rows.stop - rows.start) * row]

    def algorithm(self, x: Shape) -> str:
        images, rows = _tiles(self.convolution, x)[0].block
        block = f"{images} images" if images > 1 else f"{rows} rows of tiles"
        products = _groups(self.convolution, x[0] // self.convolution.groups).describe(16)
        return f"minimal filtering on tiles of 2 × 2: {products} for {block}{', pooled at once' if self.pooled else ''}"

    def multiply_adds(self, x: Shape) -> int:
        return self.convolution.multiply_adds(x)

    def summary(self) -> str:
        return self.convolution.summary()

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv2D(filters=12)), ((13, 6, 6),))
        yield Example(cls(convolution=Conv2D(filters=16, use_bias=False)), ((12, 5, 7),))
        yield Example(cls(convolution=Conv2D(filters=14, padding="valid")), ((12, 7, 8),))
        yield Example(cls(convolution=Conv2D(filters=12, padding="explicit", border=(2, 0))), ((12, 3, 8),))
        yield Example(cls(convolution=Conv2D(filters=13), pooled=True), ((12, 6, 8),))
        yield Example(cls(convolution=Conv2D(filters=24, groups=4)), ((16, 6, 7),))
        yield Example(cls(convolution=Conv2D(filters=32, groups=2, padding="valid")), ((36, 7, 8),))
        yield Example(cls(convolution=Conv2D(filters=32, groups=8, use_bias=False)), ((32, 5, 6),))


def _matrices(blocks: Array, diagonal: Array | None = None) -> Array:
    """Return the matrices (16, products, A, B) on whose diagonal blocks (products, 16, merged, A, B) stand.

    They lie in `diagonal`; without one no groups are merged and the blocks are the matrices.
    """
    products, _, merged, rows, columns = blocks.shape
    matrices = blocks[:, :, 0] if diagonal is None else diagonal.reshape(products, 16, merged * rows, merged * columns)
    return matrices.swapaxes(0, 1)


def pays(out: Shape) -> bool:
    """Tell whether the tiles, which reach beyond an odd size, save at least a third of the multiplications.

    Where they are few, the sums of the filters cost more than that.
    """
    tiles = -(-out[0] // 2) * -(-out[1] // 2)
    return tiles >= FEWEST_TILES and 16 * tiles * 3 <= 9 * out[0] * out[1] * 2
