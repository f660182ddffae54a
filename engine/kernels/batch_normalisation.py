"""Normalisation of every channel over the batch, and the way back.

Batches are matrices of rows (R, k·C), each with the channels of k pixels or steps: long rows make the best of a processor.
What holds for a channel is a vector (C,), and is repeated for all of a row where it has several. `rows` are work arrays
(·, k·C) for that, and `work` has room for one block of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant, shaped
from engine.kernels.reductions import Sums, row_blocks

AddUp = Callable[[Array], None]  # replaces an array by its sum over all parts of a batch


def repeated(values: Array, row: Array) -> tuple[Array, list[Run]]:
    """Return a row that repeats the values of all channels, in `row` if need be, and the calls that make it."""
    if row.size == values.size:
        return values, []
    return row, [partial(np.copyto, row.reshape(-1, values.size), values)]


def statistics(
    x: Array,
    mean: Array,
    variance: Array,
    work: Array,
    rows: Array,
    share: float,
    add_up: AddUp = lambda sums: None,
    squares: Array | None = None,
) -> Iterator[Run]:
    """Yield calls that write the mean and the (biased) variance of every channel.

    `share` is what each value has of them. Where all rows are one block, there may be room for its `squares`: then x less its
    mean stays in `work`.
    """
    sums = Sums(share, rows[0], rows[1], mean)
    yield from (*sums.adding(x), *sums.writing())
    yield partial(add_up, mean)
    row, calls = repeated(mean, rows[2])
    yield from calls
    sums = Sums(share, rows[0], rows[1], variance)
    for (part,) in row_blocks(x):
        d = shaped(work, part.shape)
        square = d if squares is None else squares
        yield partial(np.subtract, part, row, d)
        yield partial(np.multiply, d, d, square)
        yield from sums.adding(square)
    yield from sums.writing()
    yield partial(add_up, variance)


def moving(running: Array, value: Array, momentum: float, ratio: float, work: Array) -> Iterator[Run]:
    """Yield calls that move running means by a share, the momentum, towards `ratio` times a value."""
    yield partial(np.multiply, running, constant(1 - momentum, running.dtype), running)
    yield partial(np.multiply, value, constant(momentum * ratio, running.dtype), work)
    yield partial(np.add, running, work, running)


def scaling(x: Array, factor: Array, offset: Array, rows: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write x · factor + offset."""
    (by, more), (shift, again) = repeated(factor, rows[0]), repeated(offset, rows[1])
    yield from (*more, *again)
    for source, target in row_blocks(x, out):
        yield partial(np.multiply, source, by, target)
        yield partial(np.add, target, shift, target)


def scaling_back(
    x: Array,
    factor: Array,
    grad: Array,
    work: Array,
    rows: Array,
    grad_factor: Array,
    grad_offset: Array,
    out: Array | None,
) -> Iterator[Run]:
    """Yield calls that write the gradients of both weights, and that at the input into `out`, where there is one."""
    sums, moments = Sums(1, rows[0], rows[2], grad_offset), Sums(1, rows[1], rows[2], grad_factor)
    by, calls = repeated(factor, rows[3])
    yield from calls
    for part, g, target in row_blocks(x, grad, grad if out is None else out):
        product = shaped(work, part.shape)
        yield from sums.adding(g)
        yield partial(np.multiply, part, g, product)
        yield from moments.adding(product)
        if out is not None:
            yield partial(np.multiply, g, by, target)
    yield from (*sums.writing(), *moments.writing())


def gradient_sums(
    x: Array,
    grad: Array,
    mean: Array,
    work: Array,
    rows: Array,
    plain: Array,
    weighted: Array,
    products: Array | None = None,
) -> Iterator[Run]:
    """Yield calls that write the sums of `grad` and of `grad` · (x - mean) over all rows.

    Where all rows are one block, there may be room for the `products`: then x - mean stays in `work`.
    """
    sums, moments = Sums(1, rows[0], rows[1], plain), Sums(1, rows[2], rows[1], weighted)
    row, calls = repeated(mean, rows[3])
    yield from calls
    for part, g in row_blocks(x, grad):
        d = shaped(work, part.shape)
        product = d if products is None else products
        yield from sums.adding(g)
        yield partial(np.subtract, part, row, d)
        yield partial(np.multiply, d, g, product)
        yield from moments.adding(product)
    yield from (*sums.writing(), *moments.writing())


def combining(
    x: Array, grad: Array, by_x: Array, shift: Array, factor: Array, work: Array, rows: Array, out: Array
) -> Iterator[Run]:
    """Yield calls that write (grad - x · by_x - shift) · factor."""
    pairs = [repeated(values, row) for values, row in zip((by_x, shift, factor), rows, strict=False)]
    (by_x, _), (shift, _), (factor, _) = pairs
    yield from (call for _, calls in pairs for call in calls)
    for part, g, target in row_blocks(x, grad, out):
        d = shaped(work, part.shape)
        yield partial(np.multiply, part, by_x, d)
        yield partial(np.add, d, shift, d)
        yield partial(np.subtract, g, d, target)
        yield partial(np.multiply, target, factor, target)
