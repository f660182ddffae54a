"""What convolutions of images and of volumes by minimal filtering have in common: how they are computed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import winograd, winograd_blocks
from engine.kernels.groups import Grouping, grouping, on_diagonal
from engine.kernels.memory import channels_last
from engine.kernels.reductions import write_channel_sums
from engine.kernels.tiles import Tiles
from engine.kernels.winograd_blocks import Planes
from engine.layer import Scratch
from engine.layers.block_convolution import filter_matrix, flipped_filters
from engine.layers.convolution import Convolution, windows_of
from engine.layers.wrapped_convolution import WrappedConvolution

FEWEST_TILES = 9  # of an image, or of a plane of a volume
MANY = 1 << 15  # filters, counted for each channel


@lru_cache(maxsize=1024)
def _groups(layer: Convolution, channels: int) -> Grouping:
    """Return how the groups are computed, of so many channels in all."""
    return grouping(layer.groups, channels // layer.groups, layer.filters // layer.groups)


@lru_cache(maxsize=1024)
def tiles_of(layer: Convolution, x: Shape) -> tuple[Tiles, Tiles]:
    """Return the tiles of the output, and those of the input on the way back."""
    windows, products = windows_of(layer, x), _groups(layer, x[0]).products
    mirror = windows.mirror()
    assert mirror
    return Tiles(windows, layer.filters, products), Tiles(mirror, x[0], products)


def suits(layer: Convolution, x: Shape, fewest: int) -> bool:
    """Tell whether a convolution can be computed so and, with so many channels and filters of a product at least, pays."""
    if layer.kernel[-2:] != (3, 3) or min(x[0], layer.filters) < fewest * _groups(layer, x[0]).products:
        return False
    windows = windows_of(layer, x)
    return {*windows.dilation} == {1} and windows.mirror() is not None and _pays(windows.out[-2:])


def _pays(out: Shape) -> bool:
    """Tell whether the tiles, which reach beyond an odd size, save at least a third of the multiplications.

    Where they are few, the sums of the filters cost more than that.
    """
    tiles = -(-out[0] // 2) * -(-out[1] // 2)
    return tiles >= FEWEST_TILES and 16 * tiles * 3 <= 9 * out[0] * out[1] * 2


class WinogradConvolution(WrappedConvolution, abstract=True):
    """A convolution by minimal filtering of images, or of each plane of volumes.

    The way back is a convolution, too; from its planes come both gradients. Where a layer has `choices`, it keeps only the
    largest of each 2 × 2 outputs. These are its tiles, so that pooling compares whole arrays.
    """

    skips_frozen = True

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        there, back = tiles_of(self.convolution, x)
        channels, filters, merged = x[0], self.convolution.filters, _groups(self.convolution, x[0]).merged
        count = prod(self.convolution.kernel[:-2]) * channels * filters // self.convolution.groups
        planes, matrices = (Scratch((16, n), batched=False) for n in (count, count * merged))
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
        if merged > 1:
            work |= dict.fromkeys(("diagonal", "flipped_diagonal"), replace(matrices, kept=True))
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
        (tiles, _), images, out = tiles_of(self.convolution, x.shape[1:]), channels_last(x), channels_last(y)
        blocks = _blocks(_groups(self.convolution, x.shape[1]), filter_planes, len(weight))
        calls, row = _fill(filter_planes, _taps(weight), blocks, diagonal), None
        if bias is not None:
            row = np.empty((tiles.grid[1] * tiles.block[0] * prod(y.shape[2:-2]), len(bias)), y.dtype)
            calls.append(partial(np.copyto, row, bias))
        cut, arrive = Planes(tiles, canvas, sums, planes, products), partial(winograd_blocks.copy, images)
        pool = None if choices is None else partial(winograd_blocks.pool, out, choices.reshape(3, -1), tiles)
        leave = pool or partial(winograd_blocks.write, out)
        return in_turn(
            [*calls, *winograd_blocks.convolve(cut, len(x), arrive, _matrices(blocks, diagonal), row, leave)]
        )

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
        grad_weight: Array | None,
        grad_bias: Array | None,
    ) -> Run:
        (there, back), groups = tiles_of(self.convolution, x.shape[1:]), _groups(self.convolution, x.shape[1])
        images, grad, out = channels_last(x), channels_last(grad_y), None if grad_x is None else channels_last(grad_x)
        if choices is None or quads is None:
            arrive = partial(winograd_blocks.copy, grad)
        else:
            arrive = partial(winograd_blocks.unpool, grad, choices.reshape(3, -1), there, quads)
        cut = Planes(back, mirrored, back_sums, back_planes, back_products)
        calls, matrices = _backwards(groups, weight, part, flipped, flipped_diagonal)
        if flipped_diagonal is None:
            of_block, sums = (_matrices(_blocks(groups, work, len(weight))) for work in (part, total))
            found, planes = [], total
        else:  # the planes of the filters are needed no more
            blocks, planes = _blocks(groups, flipped, len(weight)), flipped
            of_block, sums = (_matrices(blocks, work) for work in (part, total))
            found = [partial(np.copyto, blocks, on_diagonal(total, blocks))]
        wanted = None if grad_weight is None else sums
        calls += winograd_blocks.backward(images, cut, arrive, matrices, of_block, wanted, out)
        if grad_weight is not None:
            calls += [*found, partial(winograd.filter_gradient, planes, _taps(grad_weight))]
        if grad_bias is not None:
            calls.append(partial(write_channel_sums, grad_y, grad_bias))
        return in_turn(calls)

    def algorithm(self, x: Shape) -> str:
        tiles, _ = tiles_of(self.convolution, x)
        (images, rows), products = tiles.block, _groups(self.convolution, x[0]).describe(16)
        noun, each = ("volumes", "each plane of ") if tiles.depth else ("images", "")
        block = f"{images} {noun}" if images > 1 else f"{rows} rows of tiles"
        return f"minimal filtering on tiles of 2 × 2: {products} for {each}{block}"


def _taps(weight: Array) -> Array:
    """Return filters (F, C, *kernel) as a view (KD, 9, C · F)."""
    return filter_matrix(weight).reshape(-1, 9, len(weight) * weight.shape[1])


def _blocks(groups: Grouping, planes: Array, filters: int) -> Array:
    """Return planes of filters (16, KD · C · F) as a view (products, 16, merged, KD · C, F)."""
    return groups.blocks(planes.reshape(16, -1, filters).transpose(2, 1, 0))


def _flipped_blocks(groups: Grouping, planes: Array, channels: int) -> Array:
    """Return planes of filters (16, KD · F · C) as a view (products, 16, merged, KD · F, C)."""
    return groups.blocks(planes.reshape(16, -1, channels).transpose(1, 2, 0)).swapaxes(3, 4)


def _matrices(blocks: Array, diagonal: Array | None = None) -> Array:
    """Return the matrices (16, products, A, B) on whose diagonal blocks (products, 16, merged, A, B) stand.

    They lie in `diagonal`; without one no groups are merged and the blocks are the matrices.
    """
    products, _, merged, rows, columns = blocks.shape
    matrices = blocks[:, :, 0] if diagonal is None else diagonal.reshape(products, 16, merged * rows, merged * columns)
    return matrices.swapaxes(0, 1)


def _fill(planes: Array, taps: Array, blocks: Array, diagonal: Array | None) -> list[Run]:
    """Return the calls that write planes of filters (KD, 9, ...), and their `blocks` onto the diagonal where there is one."""
    calls: list[Run] = [partial(winograd.filter_planes, taps, planes)]
    if diagonal is not None:
        calls.append(partial(np.copyto, on_diagonal(diagonal, blocks), blocks))
    return calls


def _backwards(
    groups: Grouping, weight: Array, work: Array, planes: Array, diagonal: Array | None
) -> tuple[list[Run], Array]:
    """Return the calls that make planes of filters that run backwards, and these as matrices (16, G, KD · F/G, C/G).

    Many filters of images stay as they lie, and are multiplied transposed: to turn them takes longer than that costs.
    """
    filters, channels = weight.shape[:2]
    if weight.ndim == 4 and diagonal is None and filters * channels >= MANY:
        calls: list[Run] = [partial(winograd.filter_planes, _taps(weight), planes, flipped=True)]
        return calls, _matrices(_blocks(groups, planes, filters)).swapaxes(2, 3)
    turned, blocks = flipped_filters(weight), _flipped_blocks(groups, planes, channels)
    taps = work.reshape(-1)[: weight.size].reshape(-1, 9, filters * channels)
    calls = [partial(np.copyto, taps.reshape(turned.shape), turned), *_fill(planes, taps, blocks, diagonal)]
    return calls, _matrices(blocks, diagonal)
