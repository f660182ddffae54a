"""Channels damped by their neighbours at the same pixel, of images (N, H, W, C), and the way back.

y = x s^-β with s = k + α / size · Σ x² over `size` channels around each; so many images at a time as fit the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant, samples_in_cache
from engine.kernels.products import product

FEW = 64  # channels: a product with a matrix of ones and zeros is faster than sums of shifted rows


def damping(
    x: Array, size: int, alpha: float, beta: float, k: float, sums: Array, work: Array, out: Array
) -> Iterator[Run]:
    """Yield calls that write y; `sums` gets s."""
    share, least = constant(alpha / size, x.dtype), constant(k, x.dtype)
    for image, s, w, target in samples_in_cache(x, sums, work, out):
        yield partial(np.multiply, image, image, w)
        yield from _window(w, size, s)
        yield partial(np.multiply, s, share, s)
        yield partial(np.add, s, least, s)
        yield from _power(s, -beta, w, target)
        yield partial(np.multiply, image, target, target)


def damping_back(
    x: Array,
    y: Array,
    grad: Array,
    size: int,
    alpha: float,
    beta: float,
    sums: Array,
    back: Array,
    work: Array,
    out: Array,
) -> Iterator[Run]:
    """Yield calls that write the gradient at the input: grad s^-β - 2 α β / size · x · Σ grad y / s."""
    factor = constant(-2 * beta * alpha / size, x.dtype)
    for image, value, g, s, b, w, target in samples_in_cache(x, y, grad, sums, back, work, out):
        yield partial(np.multiply, g, value, b)
        yield partial(np.divide, b, s, b)
        yield from _window(b, size, w)
        yield partial(np.multiply, w, image, w)
        yield partial(np.multiply, w, factor, w)
        yield from _power(s, -beta, b, target)
        yield partial(np.multiply, g, target, target)
        yield partial(np.add, target, w, target)


def _power(x: Array, exponent: float, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write a power: the usual one by two roots, as NumPy's powers take several times as long."""
    if exponent == -0.75:
        yield partial(np.sqrt, x, work)
        yield partial(np.sqrt, work, out)
        yield partial(np.multiply, work, out, out)
        yield partial(np.divide, constant(1, x.dtype), out, out)
    else:
        yield partial(np.power, x, constant(exponent, x.dtype), out)


def _window(x: Array, size: int, out: Array) -> Iterator[Run]:
    """Yield calls that write the sum over the channels around each one; both arrays are contiguous."""
    channels = x.shape[3]
    if channels <= FEW:
        band = _band(channels, size // 2, x.dtype)
        yield product(x.reshape(-1, channels), band, out.reshape(-1, channels))  # (P, C) @ (C, C) -> (P, C)
        return
    yield partial(np.copyto, out, x)
    for reach in range(1, min(size // 2 + 1, channels)):
        yield partial(np.add, out[..., reach:], x[..., :-reach], out[..., reach:])
        yield partial(np.add, out[..., :-reach], x[..., reach:], out[..., :-reach])


@lru_cache(maxsize=16)
def _band(channels: int, reach: int, dtype: Any) -> Array:
    """Return 1 where two channels are no further apart than `reach`, else 0."""
    numbers = np.arange(channels)
    return (abs(numbers[:, None] - numbers) <= reach).astype(dtype)
