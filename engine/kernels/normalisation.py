"""Means and spreads over the batch or over each row, and the way back through them. All arrays are matrices of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import ones
from engine.kernels.reductions import row_blocks, sum_columns


def fold(sums: Array, channels: int) -> Array:
    """Add up the values that belong to each channel in a row of several pixels: (W·C,) -> (C,)."""
    return sums.reshape(-1, channels).sum(axis=0)


def statistics(
    x: Array,
    mean: Array,
    variance: Array,
    work: Array,
    count: float | None = None,
    add_up: Callable[[Array], None] = lambda sums: None,
) -> None:
    """Write the mean and the (biased) variance of every channel; `work` has room for one block of rows.

    Where only some values are here, `count` is how many each channel has in all, and `add_up` replaces an array by its
    sum over all parts.
    """
    count = x.size / mean.size if count is None else count
    mean[...] = fold(ones(len(x), x.dtype).dot(x), mean.size)  # (R,) @ (R, W·C) -> (W·C,)
    add_up(mean)
    mean /= count
    row = np.tile(mean, x.shape[1] // mean.size)
    total = np.zeros_like(row)
    for (part,) in row_blocks(x):
        d = work[: part.size].reshape(part.shape)
        np.subtract(part, row, out=d)
        np.multiply(d, d, out=d)
        total += ones(len(d), d.dtype).dot(d)
    variance[...] = fold(total, mean.size)
    add_up(variance)
    variance /= count


def scale_and_shift(x: Array, factor: Array, offset: Array, out: Array) -> None:
    """Write x · factor + offset, both as wide as a row."""
    for source, target in row_blocks(x, out):
        np.multiply(source, factor, out=target)
        np.add(target, offset, out=target)


def gradient_sums(x: Array, grad: Array, mean: Array, work: Array) -> tuple[Array, Array]:
    """Return the sums over rows of `grad` and of `grad` · (x - mean)."""
    plain, weighted = np.zeros_like(mean), np.zeros_like(mean)
    for part, g in row_blocks(x, grad):
        d = work[: part.size].reshape(part.shape)
        one = ones(len(g), g.dtype)
        plain += one.dot(g)
        np.subtract(part, mean, out=d)
        np.multiply(d, g, out=d)
        weighted += one.dot(d)
    return plain, weighted


def combine(x: Array, grad: Array, x_factor: Array, factor: Array, offset: Array, work: Array, out: Array) -> None:
    """Write x · x_factor + grad · factor + offset, the constants as wide as a row."""
    for part, g, target in row_blocks(x, grad, out):
        d = work[: part.size].reshape(part.shape)
        np.multiply(part, x_factor, out=d)
        np.add(d, offset, out=d)
        np.multiply(g, factor, out=target)
        np.add(target, d, out=target)


def normalise_rows(
    x: Array, weight: Array, bias: Array, epsilon: float, normal: Array, spread: Array, mean: Array, y: Array
) -> None:
    """Give each row mean 0 and spread 1 (`normal`), then scale and shift it (`y`).

    `spread` (rows, 1) gets 1 / √(variance + epsilon); `mean` (rows, 1) is a work array.
    """
    share = 1 / x.shape[1]
    for source, z, s, m, out in row_blocks(x, normal, spread, mean, y):
        sum_columns(source, m[:, 0])
        np.multiply(m, share, out=m)
        np.subtract(source, m, out=z)
        np.multiply(z, z, out=out)
        sum_columns(out, s[:, 0])
        np.multiply(s, share, out=s)
        np.add(s, epsilon, out=s)
        np.sqrt(s, out=s)
        np.divide(1, s, out=s)
        np.multiply(z, s, out=z)
        np.multiply(z, weight, out=out)
        np.add(out, bias, out=out)


def normalise_rows_back(
    weight: Array,
    normal: Array,
    spread: Array,
    grad: Array,
    mean: Array,
    work: Array,
    grad_weight: Array,
    grad_bias: Array,
    out: Array | None,
) -> None:
    """Write the gradients of both weights, and that at the input of `normalise_rows` into `out`, where there is one.

    `mean` (rows, 1) and `work` are work arrays.
    """
    weights, biases = np.zeros_like(weight), np.zeros_like(weight)
    blocks = row_blocks(normal, spread, grad, mean, grad if out is None else out)
    for z, s, g, m, target in blocks:
        d, one = work[: z.size].reshape(z.shape), ones(len(z), z.dtype)
        np.multiply(g, z, out=d)
        weights += one.dot(d)
        biases += one.dot(g)
        if out is not None:
            _row_gradient(weight, z, s, g, m, d, target)
    grad_weight[...], grad_bias[...] = weights, biases


def _row_gradient(weight: Array, z: Array, s: Array, g: Array, m: Array, gz: Array, out: Array) -> None:
    """Write s · (g w - mean(g w) - z · mean(g w z)); `gz` is g · z, and overwritten."""
    share = 1 / z.shape[1]
    gz.dot(weight, m[:, 0])
    np.multiply(m, share, out=m)
    np.multiply(z, m, out=gz)
    g.dot(weight, m[:, 0])
    np.multiply(m, share, out=m)
    np.multiply(g, weight, out=out)
    np.subtract(out, m, out=out)
    np.subtract(out, gz, out=out)
    np.multiply(out, s, out=out)
