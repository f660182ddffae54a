"""Normalisation of each sample over its pixels and groups of channels.

Values are rows (N, R, L): of an image each row holds W pixels with all their channels, so L is W · C, as long rows make the
best of a processor. What belongs to channels is (N, C).
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import channels_last, ones


def rows_of(x: Array) -> Array:
    """Return images as rows (N, H, W·C), series (N, T, F) as they are, vectors (N, F) as (N, 1, F)."""
    last = channels_last(x)
    return last.reshape(len(x), -1 if x.ndim > 2 else 1, last.shape[-1] * (last.shape[-2] if x.ndim == 4 else 1))


def channel_sums(x: Array, out: Array) -> None:
    """Write the sum of every channel of every sample: (N, R, W·C) -> (N, C)."""
    sums = np.matmul(ones(x.shape[1], x.dtype), x)  # (R,) @ (N, R, L) -> (N, L)
    np.sum(sums.reshape(len(x), -1, out.shape[1]), axis=1, out=out)


def wide(values: Array, x: Array) -> Array:
    """Return what belongs to channels, (N, C) or (C,), repeated to the length of a row: (N, 1, L) or (L,)."""
    repeats = x.shape[2] // values.shape[-1]
    return np.tile(values[:, None], (1, 1, repeats)) if values.ndim == 2 else np.tile(values, repeats)


def share(sums: Array, groups: int, count: int) -> None:
    """Replace the sum of every channel by the mean over all `count` values of its group."""
    split = sums.reshape(len(sums), groups, -1)
    split[...] = split.sum(axis=2, keepdims=True) / count


def normalise(x: Array, groups: int, epsilon: float, mean: Array, spread: Array, normal: Array, work: Array) -> None:
    """Write (x - mean) / √(variance + epsilon) into `normal`, 1 / √… into `spread`; `work` is like `x`."""
    count = x[0].size // groups
    channel_sums(x, mean)
    share(mean, groups, count)
    np.subtract(x, wide(mean, x), out=normal)
    np.multiply(normal, normal, out=work)
    channel_sums(work, spread)
    share(spread, groups, count)
    np.add(spread, epsilon, out=spread)
    np.sqrt(spread, out=spread)
    np.divide(1, spread, out=spread)
    np.multiply(normal, wide(spread, x), out=normal)


def normalise_back(
    grad: Array, weight: Array, groups: int, spread: Array, normal: Array, plain: Array, weighted: Array, out: Array
) -> None:
    """Write the gradient at the input of `normalise`; `normal` is overwritten.

    `plain` and `weighted` (N, C) are the sums of `grad`, and of `grad` · `normal`; they are overwritten.
    """
    count = grad[0].size // groups
    for sums in (plain, weighted):
        np.multiply(sums, weight, out=sums)
        share(sums, groups, count)
        np.multiply(sums, spread, out=sums)
    np.multiply(grad, wide(spread * weight, grad), out=out)
    np.multiply(normal, wide(weighted, grad), out=normal)
    np.subtract(out, normal, out=out)
    np.subtract(out, wide(plain, grad), out=out)
