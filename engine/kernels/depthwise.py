"""Convolution of every channel by itself, row by row. Images are channels-last: (N, H, W, C).

Each channel has M filters, so results are (N, OH, OW, C, M). Filters come as rows, repeated for every column:
(KH, KW, M, W, C). So a row of results is a sum over taps of long rows that lie in one piece, which `np.einsum` multiplies and
adds in one pass, in half the time of a product and a sum for each tap. For that the columns of an image are sorted into phases.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import PIECE, shaped, stretches
from engine.kernels.polyphase import Phase, phases
from engine.kernels.windows import Windows

TAPS, FILTERS, ROWS = (0, 1, 2, 3, 4), (0, 1, 4), (2, 3, 4)  # the axes (KH, KW, N, OH, OW·C) of a sum


def images_at_once(windows: Windows) -> int:
    """Return how many images make a block that fits the cache."""
    largest = max(windows.pixels, windows.size[0] * windows.size[1])
    return min(max(PIECE // (4 * largest * windows.channels), 1), 64)


def sides(windows: Windows) -> list[tuple[Phase, ...]]:
    """Return the phases of the rows and those of the columns."""
    each = zip(windows.size, windows.kernel, windows.stride, windows.padding, windows.dilation, strict=True)
    return [phases(size, kernel, stride, before, dilation) for size, kernel, stride, (before, _), dilation in each]


def _places(windows: Windows) -> Shape:
    """Return how many places a phase has along each side."""
    return tuple(-(-size // stride) for size, stride in zip(windows.padded, windows.stride, strict=True))


def ordered_shape(windows: Windows) -> Shape:
    """Return the shape of an image between zeros, each row cut into its phases."""
    return windows.padded[0], windows.stride[1], _places(windows)[1], windows.channels


def bordered_shape(windows: Windows) -> Shape:
    """Return the shape of a gradient (OH, OW, C) between as many zeros as the filters reach."""
    rows, columns = (places + reach for places, reach in zip(_places(windows), _reach(windows), strict=True))
    return rows, columns, windows.channels


def _reach(windows: Windows) -> Shape:
    return tuple(
        (kernel - 1) * d // s for kernel, d, s in zip(windows.kernel, windows.dilation, windows.stride, strict=True)
    )


def work_values(windows: Windows) -> int:
    """Return how many values a work array needs for a block: as many as its results, or as one phase of its pixels."""
    each = zip(windows.out, sides(windows), strict=True)
    rows, columns = (max(out, phase[0].count, phase[-1].count) for out, phase in each)
    return images_at_once(windows) * rows * columns * windows.channels


def row_columns(windows: Windows) -> int:
    """Return how often filters are repeated in a row: for each result, and for each pixel of a phase."""
    columns = sides(windows)[1]
    return max(windows.out[1], columns[0].count, columns[-1].count)


def convolve(
    windows: Windows, x: Array, rows: Array, shift: Array | None, ordered: Array, work: Array, y: Array
) -> Iterator[Run]:
    """Yield the calls that write the convolution into `y`, plus `shift` (OW, C·M) in each row of it.

    `ordered` holds a block of images as `ordered_shape` says, `work` is two flat work arrays.
    """
    for images in stretches(len(x), len(ordered)):
        block, out = ordered[: images.stop - images.start], y[images]
        total, more = (shaped(values, out.shape[:-1]) for values in work)
        yield from _put_in_order(windows, x[images], block)
        for number in range(rows.shape[2]):
            part = out[..., number]
            target = part if rows.shape[2] == 1 else total
            yield from _results(windows, block, rows[:, :, number], _lines(target), _lines(more))
            if target is total:
                yield partial(np.copyto, part, total)
        if shift is not None:
            flat = out.reshape(*out.shape[:2], -1)
            yield partial(np.add, flat, shift.reshape(-1), flat)


def _results(windows: Windows, block: Array, rows: Array, out: Array, more: Array) -> Iterator[Run]:
    """Yield the calls that write what one filter of each channel makes of a block, phase by phase: (n, OH, OW·C)."""
    for number, (phase, touched) in enumerate(_touched(windows, block)):
        filters = _lines(rows[:, phase.taps, : windows.out[1]])
        yield partial(np.einsum, touched, TAPS, filters, FILTERS, ROWS, out=more if number else out)
        if number:
            yield partial(np.add, out, more, out)


def backward(
    windows: Windows,
    x: Array,
    rows: Array,
    grad_y: Array,
    ordered: Array,
    bordered: Array,
    work: Array,
    totals: Array,
    grad_x: Array | None,
) -> Iterator[Run]:
    """Yield the calls that write the gradient of the images, and that of the filters into `totals`, (KH, KW, M, OW·C).

    That of a filter is then still to be summed over columns. `bordered` holds a gradient as `bordered_shape` says.
    """
    yield partial(totals.fill, 0)
    for images in stretches(len(x), len(ordered)):
        block, border = ordered[: images.stop - images.start], bordered[: images.stop - images.start]
        grad = _inside(windows, border)
        yield from _put_in_order(windows, x[images], block)
        for number in range(rows.shape[2]):
            yield partial(np.copyto, grad, grad_y[images][..., number])
            for phase, touched in _touched(windows, block):
                yield partial(_add_products, touched, _lines(grad), totals[:, phase.taps, number])
            if grad_x is not None:
                yield from _pixels(windows, border, rows[:, :, number], work[0], grad_x[images], add=number > 0)


def _add_products(touched: Array, grad: Array, totals: Array) -> None:
    """Add to each tap's row of `totals` the sum over all rows of what it touches times the gradient.

    In a single image, all taps of a row of a filter share each row of the gradient while it is in the first cache.
    """
    if len(grad) == 1:
        for row, total in zip(touched, totals, strict=True):
            np.add(total, np.einsum(row[:, 0], (0, 1, 2), grad[0], (1, 2), (0, 2)), out=total)
        return
    for tap in np.ndindex(*totals.shape[:2]):
        total = totals[tap]
        np.add(total, np.einsum(touched[tap], (0, 1, 2), grad, (0, 1, 2), (2,)), out=total)


def _pixels(windows: Windows, border: Array, rows: Array, work: Array, out: Array, *, add: bool) -> Iterator[Run]:
    """Yield the calls that write, or add, the gradient of a block of images: each phase is convolved with its own taps."""
    image, row, column, value = border.strides
    top, left = _reach(windows)
    for down, across in product(*sides(windows)):
        filters = rows[down.taps, across.taps, : across.count]
        target = out[:, down.pixels, across.pixels]
        first = border[:, top + down.begin - down.offset :, left + across.begin - across.offset :]
        shape = (*filters.shape[:2], *target.shape[:2], across.count * windows.channels)
        steps = (-row * down.step, -column * across.step, image, row, value)
        seen = as_strided(first, shape, steps, writeable=False)
        direct = windows.stride[1] == 1 and not add
        result = target if direct else shaped(work, target.shape)
        yield partial(np.einsum, seen, TAPS, _lines(filters), FILTERS, ROWS, out=_lines(result))
        if not direct:
            yield partial(np.add, target, result, target) if add else partial(np.copyto, target, result)


def _inside(windows: Windows, border: Array) -> Array:
    top, left = _reach(windows)
    return border[:, top : top + windows.out[0], left : left + windows.out[1]]


def _put_in_order(windows: Windows, x: Array, block: Array) -> Iterator[Run]:
    """Yield the calls that copy images into their phases: (n, H, W, C) into (n, H + p, S, W', C)."""
    first = windows.padding[0][0]
    inside = block[:, first : first + windows.size[0]]
    for number, phase in enumerate(sides(windows)[1]):
        target = inside[:, :, number, phase.begin : phase.begin + phase.count]
        yield partial(np.copyto, target, x[:, :, phase.pixels])


def _touched(windows: Windows, block: Array) -> Iterator[tuple[Phase, Array]]:
    """Yield each phase of columns that has taps, and what these touch: (KH, taps, n, OH, OW·C)."""
    image, row, _, column, value = block.strides
    for number, phase in enumerate(sides(windows)[1]):
        if count := len(range(windows.kernel[1])[phase.taps]):
            shape = (windows.kernel[0], count, len(block), windows.out[0], windows.out[1] * windows.channels)
            steps = (row * windows.dilation[0], column * phase.step, image, row * windows.stride[0], value)
            yield phase, as_strided(block[:, :, number, phase.offset :], shape, steps, writeable=False)


def _lines(image: Array) -> Array:
    """Return (..., W, C), of which each row lies in one piece, as (..., W·C)."""
    return image.reshape(*image.shape[:-2], image.shape[-2] * image.shape[-1])
