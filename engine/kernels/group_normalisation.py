"""Normalisation of each sample over its pixels and groups of channels. Values are (N, P, C), sums of pixels (N, C)."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import channels_last


def pixels(x: Array) -> Array:
    """Return images, series or vectors as (N, P, C): a view where they lie channels-last in memory."""
    last = channels_last(x)
    return last.reshape(len(last), -1, last.shape[-1])


def share(sums: Array, groups: int, count: int) -> None:
    """Replace the sum of every channel by the mean over all `count` values of its group."""
    split = sums.reshape(len(sums), groups, -1)
    split[...] = split.sum(axis=2, keepdims=True) / count


def normalise(x: Array, groups: int, epsilon: float, mean: Array, spread: Array, normal: Array, work: Array) -> None:
    """Write (x - mean) / √(variance + epsilon) into `normal`, 1 / √… into `spread`; `work` is like `x`."""
    count = x[0].size // groups
    np.sum(x, axis=1, out=mean)
    share(mean, groups, count)
    np.subtract(x, mean[:, None], out=normal)
    np.multiply(normal, normal, out=work)
    np.sum(work, axis=1, out=spread)
    share(spread, groups, count)
    np.add(spread, epsilon, out=spread)
    np.sqrt(spread, out=spread)
    np.divide(1, spread, out=spread)
    np.multiply(normal, spread[:, None], out=normal)


def normalise_back(
    grad: Array, weight: Array, groups: int, spread: Array, normal: Array, plain: Array, weighted: Array, out: Array
) -> None:
    """Write the gradient at the input of `normalise`; `normal` is overwritten.

    `plain` and `weighted` (N, C) are the sums over pixels of `grad`, and of `grad` · `normal`; they are overwritten.
    """
    count = grad[0].size // groups
    for sums in (plain, weighted):
        np.multiply(sums, weight, out=sums)
        share(sums, groups, count)
    np.multiply(grad, weight, out=out)
    np.multiply(normal, weighted[:, None], out=normal)
    np.subtract(out, normal, out=out)
    np.subtract(out, plain[:, None], out=out)
    np.multiply(out, spread[:, None], out=out)
