"""What the convolutions of series, images and volumes have in common: how they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import convolution, scattering
from engine.kernels.convolution import Columns
from engine.kernels.groups import WIDE, WIDE_SCATTERED, Grouping, grouping, on_diagonal
from engine.kernels.reductions import write_channel_sums
from engine.kernels.windows import Windows
from engine.layer import Scratch
from engine.layers.convolution import Convolution, windows_of
from engine.layers.sided import as_image

MOST_FILTERS = 3  # for each channel
MOST_PIXELS = 12  # filters for each pixel


@dataclass(frozen=True)
class _Way:
    """How a layer is computed: its groups, and the windows of each product.

    `mirror` are the windows on the gradient of the output, where going back that way is the cheaper one.
    """

    groups: Grouping
    windows: Windows
    mirror: Windows | None

    @property
    def filters(self) -> int:
        """The filters of each product."""
        return self.windows.filters

    @property
    def size(self) -> int:
        """How many values the filters of all products have."""
        return self.groups.products * self.windows.width * self.filters

    def shares(self) -> Iterator[tuple[int, slice, slice]]:
        """Yield the number of each product, its channels and its filters."""
        for number in range(self.groups.products):
            channels, filters = (slice(number * n, (number + 1) * n) for n in (self.windows.channels, self.filters))
            yield number, channels, filters


@lru_cache(maxsize=1024)
def _way(layer: Convolution, x: Shape) -> _Way:
    windows = windows_of(layer, x)
    channels, filters = windows.channels // layer.groups, layer.filters // layer.groups
    mirrors = _mirrors(windows) and windows.mirror() is not None
    groups = grouping(layer.groups, channels, filters, WIDE if mirrors else WIDE_SCATTERED)
    windows = replace(windows, channels=channels * groups.merged, filters=filters * groups.merged)
    return _Way(groups, windows, windows.mirror() if mirrors else None)


def _mirrors(windows: Windows) -> bool:
    """Tell whether to go back by windows of the gradient; else what each window gets is added back.

    That takes larger products where filters are many, and to turn the filters around takes long for few pixels.
    """
    most = min(MOST_FILTERS * windows.channels, MOST_PIXELS * windows.pixels)
    return windows.filters <= most


def matrix_order(rank: int) -> tuple[int, ...]:
    """Return the order of axes in which filters (F, C, *kernel) lie as (*kernel, C, F), the matrix that products want."""
    return (*range(2, rank + 2), 1, 0)


def filter_matrix(weight: Array) -> Array:
    """Return filters (F, C, *kernel) as the matrix (K·C, F): a view, where they are stored so."""
    return weight.transpose(matrix_order(weight.ndim - 2)).reshape(-1, len(weight))


def flipped_filters(weight: Array) -> Array:
    """Return filters (F, C, *kernel) as a view (*kernel, F, C) that runs backwards along the kernel."""
    sides = range(2, weight.ndim)
    return np.flip(weight, tuple(sides)).transpose(*sides, 0, 1)


class BlockConvolution(Convolution, abstract=True):
    """A convolution along any sides: for each few groups, one product for a block of windows that fits the cache."""

    straight = "weighs"
    skips_frozen = True

    def memory(self) -> tuple[int, ...]:
        return matrix_order(self.rank)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        way, merged = _way(self, x), _way(self, x).groups.merged > 1
        windows, mirror, count = way.windows, way.mirror, convolution.column_count(way.windows)
        work = {
            "columns": Scratch((count,), batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "part": Scratch((windows.width * way.filters,), batched=False),
            "total": Scratch((way.size,), batched=False),
        }
        if merged:
            work["diagonal"] = Scratch((way.size,), batched=False, kept=True)
        if mirror:
            count = max(count, convolution.column_count(mirror))
            work["mirrored"] = Scratch(convolution.padded_shape(mirror), batched=False, kept=True)
            work["flipped"] = Scratch((way.size,), batched=False, kept=merged)
        elif not windows.is_plain:
            images = convolution.block_size(windows)[0]
            work["canvas"] = Scratch(scattering.canvas_shape(windows, images), batched=False)
            if size := scattering.turned_size(windows):
                work["turned"] = Scratch((way.groups.products, size), batched=False)
        return work | {"back_columns": Scratch((count,), batched=False)}

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        padded: Array,
        columns: Array,
        diagonal: Array | None,
        y: Array,
    ) -> Run:
        way, images, out = _way(self, x.shape[1:]), as_image(x), as_image(y)
        cut, matrices = Columns(way.windows, padded, columns), _matrices(way, weight, diagonal)
        at_once = bias if way.groups.products == 1 else None
        calls: list[Run] = []
        if diagonal is not None:
            blocks = way.groups.blocks(weight)
            calls.append(partial(np.copyto, on_diagonal(diagonal, blocks), blocks))
        for number, channels, filters in way.shares():
            calls += convolution.convolve(images[..., channels], matrices[number], at_once, cut, out[..., filters])
        if bias is not None and at_once is None:
            calls += convolution.add_bias(bias, out)
        return in_turn(calls)

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        back_columns: Array,
        diagonal: Array | None,
        mirrored: Array | None,
        flipped: Array | None,
        canvas: Array | None,
        turned: Array | None,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array | None,
        grad_bias: Array | None,
    ) -> Run:
        calls: list[Run] = []
        if grad_bias is not None:
            calls.append(partial(write_channel_sums, grad_y, grad_bias))
        way, images, grad = _way(self, x.shape[1:]), as_image(x), as_image(grad_y)
        out, sums = None if grad_x is None else as_image(grad_x), None if grad_weight is None else total
        if out is not None and way.mirror and mirrored is not None and flipped is not None:
            backwards = way.groups.flipped_blocks(weight)
            columns = Columns(way.mirror, mirrored, back_columns)
            calls.append(partial(np.copyto, on_diagonal(flipped, backwards), backwards))
            calls += _backward_mirrored(way, images, grad, columns, flipped, part, sums, out)
            in_blocks = way.groups.flipped_blocks
        else:
            matrices, columns = _matrices(way, weight, diagonal), Columns(way.windows, padded, back_columns)
            calls += _backward_scattered(way, images, grad, columns, matrices, part, sums, turned, canvas, out)
            in_blocks = way.groups.blocks
        if grad_weight is not None:
            blocks = in_blocks(grad_weight)
            calls.append(partial(np.copyto, blocks, on_diagonal(total, blocks)))
        return in_turn(calls)

    def algorithm(self, x: Shape) -> str:
        way = _way(self, x)
        block = self._block(way.windows)
        back = "from windows of the gradient" if way.mirror else "added back window by window"
        back = "in the same way" if way.windows.is_plain and not way.mirror else back
        how = "no copy" if way.windows.is_plain else "windows copied"
        return f"{way.groups.describe()} for {block}, {how}; gradient {back}"

    def _block(self, windows: Windows) -> str:
        """Return what a block is, in words."""
        images, *most = convolution.block_size(windows)
        for count, size, noun in zip(reversed(most), windows.out[-2::-1], ("rows", "planes"), strict=False):
            if count < size:
                return f"{count} {noun}"
        one, many = {1: ("series", "series"), 2: ("image", "images"), 3: ("volume", "volumes")}[self.rank]
        return f"{images} {many}" if images > 1 else f"one {one}"


def _matrices(way: _Way, weight: Array, diagonal: Array | None) -> Array:
    """Return the filters as matrices (products, K, F): a view, where no groups are merged and filters are stored so."""
    blocks = way.groups.blocks(weight) if diagonal is None else diagonal
    return blocks.reshape(way.groups.products, -1, way.filters)


def _backward_mirrored(
    way: _Way,
    x: Array,
    grad_y: Array,
    columns: Columns,
    flipped: Array,
    part: Array,
    total: Array | None,
    grad_x: Array,
) -> Iterator[Run]:
    back = flipped.reshape(way.groups.products, -1, way.windows.channels)
    totals = [None] * len(back) if total is None else total.reshape(back.shape)
    part = part.reshape(back[0].shape)
    for number, channels, filters in way.shares():
        work = columns, back[number], part, totals[number], grad_x[..., channels]
        yield from convolution.backward_mirrored(x[..., channels], grad_y[..., filters], *work)


def _backward_scattered(
    way: _Way,
    x: Array,
    grad_y: Array,
    columns: Columns,
    matrices: Array,
    part: Array,
    total: Array | None,
    turned: Array | None,
    canvas: Array | None,
    grad_x: Array | None,
) -> Iterator[Run]:
    totals = [None] * len(matrices) if total is None else total.reshape(matrices.shape)
    part = part.reshape(matrices[0].shape)
    for number, channels, filters in way.shares():
        given, sums = (x[..., channels], grad_y[..., filters], columns), (part, totals[number])
        if grad_x is None:
            yield from convolution.backward_filters(*given, *sums)
        elif canvas is None:
            yield from convolution.backward_pixels(*given, matrices[number], *sums, grad_x[..., channels])
        else:
            room = None if turned is None else turned[number]
            yield from scattering.backward(*given, matrices[number], *sums, room, canvas, grad_x[..., channels])
