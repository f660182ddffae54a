"""Values of windows added back to where the windows lie on images: the way back of a convolution that moves by any stride.

A filter that moves by s pixels touches every s-th one with each tap. So what a block of images gets is gathered on a canvas
where those lie side by side (engine/kernels/polyphase.py), and each tap is one sum of long rows: they took 2 to 4 times as
long where each few channels lay apart, and more with 4 channels. Up to so many, channels lie apart instead, pixels together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product as product_of
from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.convolution import FEW_CHANNELS, Columns, add_images, in_rows
from engine.kernels.polyphase import phases
from engine.kernels.products import product
from engine.kernels.windows import Windows

SMALL = 1 << 17  # values of filters that are turned around once for all blocks of images
EACH = 64  # filters' values for each row of all products: so few are turned in less time than that saves


def canvas_shape(windows: Windows, images: int) -> Shape:
    """Return the shape of a canvas for so many images: (*stride, n, *pixels, C); of few channels (*stride, C, n, *pixels)."""
    pixels = tuple(-(-size // stride) for size, stride in zip(windows.padded, windows.stride, strict=True))
    if _planar(windows):
        return *windows.stride, windows.channels, images, *pixels
    return *windows.stride, images, *pixels, windows.channels


def _planar(windows: Windows) -> bool:
    return windows.channels <= FEW_CHANNELS


def turned_size(windows: Windows) -> int:
    """Return how many values `turned` needs for the filters of one product; 0 where they are too large."""
    size = windows.width * windows.filters
    return size if size <= SMALL and not _planar(windows) else 0


def turned(windows: Windows, filters: Array, images: int, room: Array | None) -> tuple[list[Run], Array]:
    """Return filters (K, F) tap by tap, (taps, F, C), and the call that copies them into `room`, flat, where that pays.

    Those of few channels are left as they are.
    """
    if _planar(windows):
        return [], filters
    taps = filters.reshape(windows.taps, windows.channels, -1).swapaxes(1, 2)
    if room is None or filters.size > EACH * images * windows.pixels:
        return [], taps
    copy = room.reshape(taps.shape)
    return [partial(np.copyto, copy, taps)], copy


def backward(
    x: Array,
    grad_y: Array,
    columns: Columns,
    filters: Array,
    part: Array,
    total: Array | None,
    room: Array | None,
    canvas: Array,
    grad_x: Array,
) -> Iterator[Run]:
    """Write both gradients of a convolution (engine/kernels/convolution.py) with filters (K, F).

    `total` gets that of the filters, where it is wanted, and `part` is a work array of its shape; `room` is one for `turned`,
    `canvas` a canvas.
    """
    windows = columns.windows
    calls, taps = turned(windows, filters, len(x), room)
    yield from calls
    for number, ((images, *places), copies, matrix) in enumerate(columns.blocks(x)):
        if total is not None:
            yield from copies
        yield from add_images(number, matrix, grad_y[images, *places], part, total)  # (K, P) @ (P, F) -> (K, F)
        yield from scattered(grad_y[images, *places], taps, columns.columns, windows, places, canvas, grad_x[images])


def scattered(
    values: Array,
    filters: Array,
    taps: Array,
    windows: Windows,
    places: Sequence[slice],
    canvas: Array,
    images: Array,
) -> Iterator[Run]:
    """Add each filter, times one of `values` (n, R, OW, F), to where its window lies on images (n, H, W, C).

    The filters are what `turned` returns. The values are those of a part of the windows: `places` are these along each side
    but the last. The first part begins with empty images; after the last one they are written. `taps` is a flat work array.
    """
    tiled, canvas = _tile_images(windows), np.moveaxis(canvas, len(windows.stride), -1) if _planar(windows) else canvas
    if not tiled and not any(some.start for some in places):
        yield partial(canvas.fill, 0)
    calls, shares = _shares(values, filters, taps, windows)
    yield from calls
    for tap, share in zip(np.ndindex(*windows.kernel), shares, strict=True):
        if tiled:
            yield partial(np.copyto, _tile(windows, images, tap, places), share)
        else:
            spot = _spot(windows, canvas, tap, places)[: len(images)]
            yield partial(np.add, spot, share, spot)
    if not tiled and all(some.stop == size for some, size in zip(places, windows.out, strict=False)):
        yield from _uncovered(windows, canvas, images)


def _shares(images: Array, filters: Array, taps: Array, windows: Windows) -> tuple[list[Run], Array]:
    """Return what each tap of all filters gives to its pixels, (taps, n, R, OW, C), and the calls that compute it."""
    calls, values = in_rows(images)
    each = taps[: len(values) * windows.width]
    if _planar(windows):
        multiply = product(filters, values.T, each.reshape(windows.width, -1))  # (K, F) @ (F, P) -> (K, P)
        planes = each.reshape(windows.taps, windows.channels, *images.shape[:-1])
        return [*calls, multiply], np.moveaxis(planes, 1, -1)
    shares = each.reshape(windows.taps, len(values), windows.channels)
    multiply = product(values, filters, shares)  # (P, F) @ (taps, F, C) -> (taps, P, C)
    return [*calls, multiply], shares.reshape(windows.taps, *images.shape[:-1], windows.channels)


def _tile_images(windows: Windows) -> bool:
    """Tell whether every pixel lies in exactly one window, so that nothing need be added up."""
    whole = tuple(o * s for o, s in zip(windows.out, windows.stride, strict=True))
    inside = windows.size == whole and not any(before for before, _ in windows.padding)
    return inside and windows.kernel == windows.stride and {*windows.dilation} == {1}


def _tile(windows: Windows, images: Array, tap: Shape, places: Sequence[slice]) -> Array:
    """Return the pixels that one tap of some windows touches where these tile the images: (n, R, OW, C)."""
    every = zip((*places, slice(0, windows.out[-1])), tap, windows.stride, strict=True)
    return images[:, *(slice(i + some.start * s, some.stop * s, s) for some, i, s in every)]


def _spot(windows: Windows, canvas: Array, tap: Shape, places: Sequence[slice]) -> Array:
    """Return the pixels that one tap of some windows touches, as a view of a canvas: (n, R, OW, C)."""
    every = (*places, slice(0, windows.out[-1]))
    reach = [i * d for i, d in zip(tap, windows.dilation, strict=True)]
    starts = (r // s for r, s in zip(reach, windows.stride, strict=True))
    sides = (slice(start + some.start, start + some.stop) for start, some in zip(starts, every, strict=True))
    phase: Array = canvas[tuple(r % s for r, s in zip(reach, windows.stride, strict=True))]
    return phase[:, *sides]


def _uncovered(windows: Windows, canvas: Array, images: Array) -> Iterator[Run]:
    """Copy images (n, H, W, C) from a canvas, without what lies outside of them."""
    geometry = zip(windows.size, windows.kernel, windows.stride, windows.padding, windows.dilation, strict=True)
    sides = (phases(size, kernel, stride, before, d) for size, kernel, stride, (before, _), d in geometry)
    for remainders in product_of(*(list(enumerate(side)) for side in sides)):
        numbers, some = zip(*remainders, strict=True)
        source = canvas[*numbers, : len(images), *(slice(p.begin, p.begin + p.count) for p in some)]
        if prod(source.shape):
            yield partial(np.copyto, images[:, *(p.pixels for p in some)], source)
