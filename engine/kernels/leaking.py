"""Slopes for what is negative, one for all or one for each channel, and the way back.

Batches are matrices of rows (R, k·C), each with the channels of k pixels; where there is one slope, C is 1. `work` has room for
one block of rows, `rows` (·, k·C) are work arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.batch_normalisation import repeated
from engine.kernels.memory import bound, constant, shaped
from engine.kernels.reductions import Sums, row_blocks


def leaking(x: Array, slope: Array, work: Array, row: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write max(x, 0) + slope · min(x, 0)."""
    by, calls = repeated(slope, row)
    yield from calls
    for source, target in row_blocks(x, out):
        low = shaped(work, source.shape)
        yield partial(np.minimum, source, bound(0, source), out=low)
        yield partial(np.multiply, low, by, low)
        yield partial(np.maximum, source, bound(0, source), out=target)
        yield partial(np.add, target, low, target)


def leaking_back(
    x: Array, slope: Array, grad: Array, work: Array, rows: Array, grad_slope: Array, out: Array | None
) -> Iterator[Run]:
    """Yield calls that write the gradient of the slopes, and that at the input into `out`, where there is one."""
    sums, (by, calls), rise = Sums(1, rows[0], rows[1], grad_slope), repeated(slope, rows[2]), rows[3]
    yield from calls
    yield partial(np.subtract, constant(1, slope.dtype), by, rise)
    for source, g, target in row_blocks(x, grad, grad if out is None else out):
        low = shaped(work, source.shape)
        yield partial(np.minimum, source, bound(0, source), out=low)
        yield partial(np.multiply, low, g, low)
        yield from sums.adding(low)
        if out is not None:
            yield partial(np.greater, source, constant(0, source.dtype), target)
            yield partial(np.multiply, target, rise, target)
            yield partial(np.add, target, by, target)
            yield partial(np.multiply, target, g, target)
    yield from sums.writing()
