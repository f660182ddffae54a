"""Normalisation of each row of a matrix (R, F) by its spread, and the way back.

Where there is a `bias`, the mean is taken away first. `mean` (R,) is a work array.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant, shaped
from engine.kernels.reductions import Sums, filled, row_blocks


def normalising(
    x: Array, weight: Array, bias: Array | None, epsilon: float, normal: Array, spread: Array, mean: Array, y: Array
) -> Iterator[Run]:
    """Yield calls that give each row mean 0 and spread 1 (`normal`), then scale and shift it (`y`).

    `spread` (R,) gets 1 / √(variance + epsilon).
    """
    share, least, one = filled(weight.size, 1 / weight.size, x.dtype), *(constant(v, x.dtype) for v in (epsilon, 1))
    for source, z, s, m, out in row_blocks(x, normal, spread, mean, y):
        if bias is not None:
            yield partial(source.dot, share, m)  # (R, F) @ (F,) -> (R,)
            yield partial(np.subtract, source, m[:, None], z)
        centred = source if bias is None else z
        yield partial(np.multiply, centred, centred, out)
        yield partial(out.dot, share, s)  # (R, F) @ (F,) -> (R,)
        yield partial(np.add, s, least, s)
        yield partial(np.sqrt, s, s)
        yield partial(np.divide, one, s, s)
        yield partial(np.multiply, centred, s[:, None], z)
        yield partial(np.multiply, z, weight, out)
        if bias is not None:
            yield partial(np.add, out, bias, out)


def normalising_back(
    weight: Array,
    normal: Array,
    spread: Array,
    grad: Array,
    mean: Array,
    work: Array,
    rows: Array,
    grad_weight: Array,
    grad_bias: Array | None,
    out: Array | None,
) -> Iterator[Run]:
    """Yield calls that write the gradients of both weights, and that at the input into `out`, where there is one.

    `work` has room for one block of rows; `rows` (2, F) are work arrays as well.
    """
    part, shares = rows
    weights = Sums(1, part, part, grad_weight)
    biases = None if grad_bias is None else Sums(1, part, part, grad_bias)
    yield partial(np.multiply, weight, constant(1 / weight.size, weight.dtype), shares)
    for z, s, g, m, target in row_blocks(normal, spread, grad, mean, grad if out is None else out):
        d = shaped(work, z.shape)
        yield partial(np.multiply, g, z, d)
        yield from weights.adding(d)
        if biases is not None:
            yield from biases.adding(g)
        if out is not None:
            yield from _row_gradients(weight, shares, z, s, g, m, d, target, centred=biases is not None)


def _row_gradients(
    weight: Array, shares: Array, z: Array, s: Array, g: Array, m: Array, gz: Array, out: Array, *, centred: bool
) -> Iterator[Run]:
    """Yield calls that write s · (g w - mean(g w) - z · mean(g w z)); `gz` is g · z, and overwritten."""
    yield partial(gz.dot, shares, m)  # (R, F) @ (F,) -> (R,)
    yield partial(np.multiply, z, m[:, None], gz)
    if centred:
        yield partial(g.dot, shares, m)  # (R, F) @ (F,) -> (R,)
        yield partial(np.add, gz, m[:, None], gz)
    yield partial(np.multiply, g, weight, out)
    yield partial(np.subtract, out, gz, out)
    yield partial(np.multiply, out, s[:, None], out)
