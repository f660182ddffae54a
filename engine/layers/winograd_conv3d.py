"""A convolution of volumes that needs fewer multiplications: what the compiler puts in its place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels import winograd, winograd_volumes
from engine.kernels.memory import channels_last
from engine.kernels.reductions import write_channel_sums
from engine.kernels.tiles import Tiles, phases
from engine.layer import Example, Layer, Scratch, Weight
from engine.layers.conv3d import Conv3D
from engine.layers.convolution import windows_of
from engine.layers.winograd_conv2d import pays
from engine.spec import param

Calls = list[tuple[Any, ...]]  # functions with their arguments
FLIPPED = (slice(None, None, -1),) * 3

FEWEST = 12  # channels and filters from which on it pays: blocks of windows take 1.3 to 1.8 times as long


@lru_cache(maxsize=1024)
def _tiles(layer: Conv3D, x: Shape) -> tuple[Tiles, Tiles]:
    """Return the tiles of the output, and those of the input on the way back."""
    windows = windows_of(layer, x)
    mirror = windows.mirror(layer.filters)
    assert mirror
    return Tiles(windows, layer.filters), Tiles(mirror, x[0])


class WinogradConv3D(Layer, abstract=True):
    """A convolution of volumes by minimal filtering of each plane; a window's planes come into one product.

    The way back is a convolution, too; from its planes come both gradients.
    """

    category = "Convolution"
    convolution: Conv3D = param("The convolution.", default=Conv3D(), hidden=True)

    @classmethod
    def of(cls, layer: Layer, *inputs: Shape) -> WinogradConv3D | None:
        """Return the layer for such inputs as one of these; None where it does not suit or pay."""
        if not isinstance(layer, Conv3D) or layer.groups > 1 or layer.kernel[1:] != (3, 3):
            return None
        if min(inputs[0][0], layer.filters) < FEWEST:
            return None
        windows = windows_of(layer, inputs[0])
        suits = windows.dilation == (1, 1, 1) and windows.mirror(layer.filters)
        return cls(convolution=layer) if suits and pays(windows.out[1:]) else None

    def shape(self, x: Shape) -> Shape:
        return self.convolution.shape(x)

    def weights(self, x: Shape) -> dict[str, Weight]:
        return self.convolution.weights(x)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        there, back = _tiles(self.convolution, x)
        channels, filters = x[0], self.convolution.filters
        count = self.convolution.kernel[0] * channels * filters
        matrices = Scratch((16, count), batched=False)
        return {
            "canvas": Scratch(there.canvas, batched=False, kept=True),
            "mirrored": Scratch(back.canvas, batched=False, kept=True),
            "sums": Scratch((there.sums,), batched=False),
            "back_sums": Scratch((back.sums,), batched=False),
            "planes": Scratch((there.planes(channels),), batched=False),
            "back_planes": Scratch((back.planes(filters),), batched=False),
            "products": Scratch((there.planes(filters),), batched=False),
            "back_products": Scratch((back.planes(channels),), batched=False),
            "taps": Scratch((9, count), batched=False),
            "filter_planes": matrices,
            "flipped": matrices,
            "part": matrices,
            "total": matrices,
        }

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
        taps: Array,
        filter_planes: Array,
        y: Array,
    ) -> Run:
        tiles, _ = _tiles(self.convolution, x.shape[1:])
        volumes, out, depth = channels_last(x), channels_last(y), y.shape[2]
        ordered = weight.transpose(3, 4, 2, 1, 0)  # (KH, KW, KD, C, F)
        calls: Calls = [
            (np.copyto, taps.reshape(ordered.shape), ordered),
            (winograd.filter_planes, taps, filter_planes),
        ]
        filters = filter_planes.reshape(16, -1, len(weight))
        row = np.empty((tiles.grid[1] * tiles.block[0] * depth, len(weight)), y.dtype)
        if bias is not None:
            calls.append((np.copyto, row, bias))

        @cache
        def convolve(count: int, top: int, bottom: int) -> tuple[list[tuple[Array, Array]], Calls]:
            cut, steps = winograd.sum_up(canvas[:, top : bottom + 1, :, :, :count], sums, planes)
            made, product = winograd_volumes.multiply(cut, filters, depth, products)
            wide = row[: tiles.grid[1] * count * depth].reshape(-1)
            added = () if bias is None else winograd.add_bias(made, wide)
            pairs, end = winograd.outputs(made)
            return pairs, [*steps, *product, *added, *end]

        for some in tiles.images(len(x)):
            inside = tiles.inside(canvas[:, :, :, :, : some.stop - some.start])
            calls += winograd.copy(phases(volumes[some]), inside)
            for rows in tiles.rows():
                pairs, steps = convolve(some.stop - some.start, rows.start, rows.stop)
                calls += [*steps, *winograd.write(pairs, rows, out[some])]
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
        flipped: Array,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        _, tiles = _tiles(self.convolution, x.shape[1:])
        volumes, grad, (channels, depth) = channels_last(x), channels_last(grad_y), x.shape[1:3]
        turned = weight.transpose(3, 4, 2, 0, 1)[FLIPPED]  # (KH, KW, KD, F, C)
        taps = winograd.shaped(part.reshape(-1), turned.shape)
        filters = flipped.reshape(16, -1, channels)
        each, sums = (work.reshape(16, *turned.shape[2:]) for work in (part, total))
        calls: Calls = [
            (np.copyto, taps, turned),
            (winograd.filter_planes, taps.reshape(9, -1), flipped),
            (np.copyto, total, 0),
            *([] if grad_bias is None else [(write_channel_sums, grad_y, grad_bias)]),
        ]

        @cache
        def convolve(count: int, top: int, bottom: int) -> tuple[Array, Calls, Calls, list[tuple[Array, Array]], Calls]:
            cut, steps = winograd.sum_up(mirrored[:, top : bottom + 1, :, :, :count], back_sums, back_planes)
            given = winograd.shaped(back_products, (*cut.shape[:6], channels))
            made, product = winograd_volumes.multiply(cut, filters, depth, back_products)
            pairs, end = winograd.outputs(made)
            return given, [*steps], [*winograd_volumes.add_gradient(cut, given, each, sums)], pairs, [*product, *end]

        for some in tiles.images(len(x)):
            inside = tiles.inside(mirrored[:, :, :, :, : some.stop - some.start])
            calls += winograd.copy(phases(grad[some]), inside)
            for rows in tiles.rows():
                given, steps, summed, pairs, multiplied = convolve(some.stop - some.start, rows.start, rows.stop)
                calls += [*steps, *winograd_volumes.fill_all(given, rows, volumes[some]), *summed]
                if grad_x is not None:
                    calls += [*multiplied, *winograd.write(pairs, rows, channels_last(grad_x)[some])]
        calls += [
            (winograd.filter_gradient, total, taps.reshape(9, -1)),
            (np.copyto, grad_weight.transpose(3, 4, 2, 0, 1)[FLIPPED], taps),
        ]
        return partial(winograd.run, calls)

    def algorithm(self, x: Shape) -> str:
        volumes, rows = _tiles(self.convolution, x)[0].block
        block = f"{volumes} volumes" if volumes > 1 else f"{rows} rows of tiles"
        return f"minimal filtering on tiles of 2 × 2: 16 products for each plane of {block}"

    def multiply_adds(self, x: Shape) -> int:
        return self.convolution.multiply_adds(x)

    def summary(self) -> str:
        return self.convolution.summary()

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv3D(filters=12)), ((13, 3, 6, 6),))
        yield Example(cls(convolution=Conv3D(filters=14, use_bias=False)), ((12, 2, 5, 7),))
        yield Example(cls(convolution=Conv3D(filters=12, kernel=(1, 3, 3))), ((12, 2, 6, 6),))
        yield Example(cls(convolution=Conv3D(filters=12, kernel=(2, 3, 3), padding="valid")), ((12, 3, 8, 8),))
