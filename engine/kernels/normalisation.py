"""Means and spreads over each row of a matrix, and the way back through them."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import ones
from engine.kernels.reductions import row_blocks, sum_columns


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
