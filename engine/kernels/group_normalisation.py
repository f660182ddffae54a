"""Normalisation of each sample over its pixels and groups of channels, and the way back.

Values are rows (N, R, L): of an image each row holds W pixels with all their channels, so L is W · C, as long rows make the
best of a processor. What belongs to channels is (N, C), what belongs to groups (N, G). `wide` (N, L), `part` (N, C) and `mean`
(N, G) are work arrays. So many samples are worked on at a time as fit the cache together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import channels_last, constant, samples_in_cache
from engine.kernels.reductions import filled, row_sums


def rows_of(x: Array) -> Array:
    """Return images as rows (N, H, W·C), series (N, T, F) as they are, vectors (N, F) as (N, 1, F)."""
    last = channels_last(x)
    return last.reshape(len(x), -1 if x.ndim > 2 else 1, last.shape[-1] * (last.shape[-2] if x.ndim == 4 else 1))


def normalising(
    x: Array,
    weight: Array,
    bias: Array,
    epsilon: float,
    centred: Array,
    spread: Array,
    factor: Array,
    mean: Array,
    wide: Array,
    shift: Array,
    y: Array,
) -> Iterator[Run]:
    """Yield calls that write weight · (x - mean) / √(variance + epsilon) + bias.

    `centred` (like `x`) gets x - mean, `spread` (N, G) gets 1 / √… and `factor` (N, C) that times the weight. `shift` (L,) is a
    work array.
    """
    yield partial(np.copyto, shift.reshape(-1, bias.size), bias)
    for source, d, s, f, m, row, out in samples_in_cache(x, centred, spread, factor, mean, wide, y):
        yield from _sums(source, row, f)
        yield from _means(f, source, m)
        yield from _apart(m, f)
        yield from _along(f, row)
        yield partial(np.subtract, source, row[:, None], d)
        yield partial(np.multiply, d, d, out)
        yield from _sums(out, row, f)
        yield from _means(f, source, s)
        yield from _inverse_root(s, epsilon)
        yield partial(np.multiply, weight.reshape(s.shape[1], -1), s[..., None], _grouped(f, s))
        yield from _along(f, row)
        yield partial(np.multiply, d, row[:, None], out)
        yield partial(np.add, out, shift, out)


def normalising_back(
    grad: Array,
    centred: Array,
    spread: Array,
    factor: Array,
    plain: Array,
    weighted: Array,
    part: Array,
    mean: Array,
    wide: Array,
    grad_weight: Array,
    grad_bias: Array,
    out: Array | None,
) -> Iterator[Run]:
    """Yield calls that write the gradients of both weights, and that at the input into `out`, where there is one.

    `centred` is overwritten; `plain` and `weighted` (N, C) are work arrays.
    """
    arrays = (grad, centred, spread, factor, plain, weighted, part, mean, wide, centred if out is None else out)
    for g, d, s, f, sums, moments, p, m, row, target in samples_in_cache(*arrays):
        yield from _sums(g, row, sums)
        yield partial(np.multiply, g, d, target)
        yield from _sums(target, row, moments)
        yield partial(np.multiply, _grouped(moments, s), s[..., None], _grouped(moments, s))
        if out is not None:
            yield from _input_gradient(g, d, s, f, sums, moments, p, m, row, target)
    yield from (row_sums(plain, grad_bias), row_sums(weighted, grad_weight))


def _input_gradient(
    g: Array, d: Array, s: Array, f: Array, sums: Array, moments: Array, p: Array, m: Array, row: Array, out: Array
) -> Iterator[Run]:
    """Yield calls that write f g - mean(f g) - d s² mean(f g d), where f is the factor and both means are of groups."""
    yield from _along(f, row)
    yield partial(np.multiply, g, row[:, None], out)
    yield partial(np.multiply, moments, f, p)  # s Σ f g d
    yield from _means(p, g, m)
    yield partial(np.multiply, m, s, m)
    yield from (*_apart(m, p), *_along(p, row))
    yield partial(np.multiply, d, row[:, None], d)
    yield partial(np.subtract, out, d, out)
    yield partial(np.multiply, sums, f, p)
    yield from (*_means(p, g, m), *_apart(m, p), *_along(p, row))
    yield partial(np.subtract, out, row[:, None], out)


def _sums(x: Array, row: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the sum of every channel: (N, R, L) -> (N, C)."""
    if x.shape[1] == 1 and row.shape == out.shape:
        yield partial(np.copyto, out, x[:, 0])
    elif row.shape == out.shape:
        yield row_sums(x, out)
    else:
        yield row_sums(x, row)  # (R,) @ (N, R, W·C) -> (N, W·C)
        yield row_sums(row.reshape(len(row), -1, out.shape[1]), out)  # (W,) @ (N, W, C) -> (N, C)


def _means(sums: Array, x: Array, out: Array) -> Iterator[Run]:
    """Yield the call that turns the sums of channels of `x` into means of groups: (N, C) -> (N, G)."""
    each = sums.reshape(out.size, -1)
    share = filled(each.shape[1], out.shape[1] / x[0].size, x.dtype)
    yield partial(each.dot, share, out.reshape(-1))  # (N·G, C / G) @ (C / G,) -> (N·G,)


def _grouped(values: Array, groups: Array) -> Array:
    """Return what belongs to channels as (N, G, C / G)."""
    return values.reshape(*groups.shape, -1)


def _apart(groups: Array, out: Array) -> Iterator[Run]:
    """Yield the call that gives every channel what belongs to its group: (N, G) -> (N, C)."""
    yield partial(np.copyto, _grouped(out, groups), groups[..., None])


def _along(values: Array, row: Array) -> Iterator[Run]:
    """Yield the call that repeats what belongs to channels to the length of a row: (N, C) -> (N, W·C)."""
    yield partial(np.copyto, row.reshape(len(row), -1, values.shape[1]), values[:, None])


def _inverse_root(variance: Array, epsilon: float) -> Iterator[Run]:
    """Yield calls that turn a variance into 1 / √(variance + epsilon)."""
    yield partial(np.add, variance, constant(epsilon, variance.dtype), variance)
    yield partial(np.sqrt, variance, variance)
    yield partial(np.divide, constant(1, variance.dtype), variance, variance)
