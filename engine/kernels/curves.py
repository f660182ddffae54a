"""Functions of single values that several activations share, in forms that neither overflow nor cancel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import bound, constant

FEW = 1 << 13  # values: with more, one pass with `clip` is faster than two calls that begin sooner


def sigmoid(x: Array, out: Array) -> None:
    """Write 1 / (1 + exp(-x)) as (tanh(x / 2) + 1) / 2, which never overflows; `out` may be `x`."""
    for call in sigmoid_calls(x, out):
        call()


def sigmoid_calls(x: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that do what `sigmoid` does."""
    yield partial(np.multiply, x, constant(0.5, x.dtype), out)
    yield from halved_sigmoid_calls(out, out)


def halved_sigmoid_calls(x: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write the sigmoid of 2 x; `out` may be `x`."""
    half = constant(0.5, x.dtype)
    yield partial(np.tanh, x, out)
    yield partial(np.multiply, out, half, out)
    yield partial(np.add, out, half, out)


def softplus(x: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); `work` may be `x`, `out` not."""
    yield partial(np.abs, x, out)
    yield partial(np.negative, out, out)
    yield partial(np.exp, out, out)
    yield partial(np.log1p, out, out)
    yield partial(np.maximum, x, bound(0, x), out=work)
    yield partial(np.add, out, work, out)


def exp_minus_one(x: Array, factor: float, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write factor · (exp(x) - 1) where x is negative and 0 elsewhere, exact also near 0; `out` may be `x`.

    exp(x) - 1 is 2 t / (1 - t) with t = tanh(x / 2), which costs half of what expm1 does.
    """
    yield partial(np.minimum, x, bound(0, x), out=out)
    yield partial(np.multiply, out, constant(0.5, x.dtype), out)
    yield partial(np.tanh, out, out)
    yield partial(np.subtract, constant(1, x.dtype), out, work)
    yield partial(np.divide, out, work, out)
    yield partial(np.multiply, out, constant(2 * factor, x.dtype), out)


def exp_or(above: float, factor: float, x: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write `above` where x is positive, else factor · exp(x)."""
    curve = out if above == factor else work
    yield partial(np.minimum, x, bound(0, x), out=curve)
    yield partial(np.exp, curve, curve)
    if factor != 1:
        yield partial(np.multiply, curve, constant(factor, x.dtype), curve)
    if above != factor:  # where x is positive, `work` is the factor
        yield partial(np.greater, x, constant(0, x.dtype), out)
        yield partial(np.multiply, out, constant(above - factor, x.dtype), out)
        yield partial(np.add, out, work, out)


def clip(x: Array, low: float, high: float, out: Array) -> Iterator[Run]:
    """Yield calls that write x, but no less than `low` and no more than `high`; `out` may be `x`."""
    if x.size > FEW:
        yield partial(x.clip, constant(low, x.dtype), constant(high, x.dtype), out)
    else:
        yield partial(np.maximum, x, bound(low, x), out=out)
        yield partial(np.minimum, out, bound(high, x), out=out)


def within(x: Array, low: float, high: float, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write 1 where x lies between `low` and `high`, else 0; `work` may be `out` where low is -high."""
    if low == -high:
        yield partial(np.abs, x, work)
        yield partial(np.less, work, constant(high, x.dtype), out)
    else:
        yield partial(np.greater, x, constant(low, x.dtype), work)
        yield partial(np.less, x, constant(high, x.dtype), out)
        yield partial(np.multiply, out, work, out)


def hard_sigmoid(x: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write x / 6 + 1 / 2, but no less than 0 and no more than 1."""
    yield partial(np.multiply, x, constant(1 / 6, x.dtype), out)
    yield partial(np.add, out, constant(0.5, x.dtype), out)
    yield from clip(out, 0, 1, out)


def silu(x: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write x · sigmoid(x); `out` may not be `x`."""
    yield from sigmoid_calls(x, out)
    yield partial(np.multiply, out, x, out)


def silu_slope(x: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write the slope of x · sigmoid(x), which is s + x · s · (1 - s); neither array may be `x`."""
    one = constant(1, x.dtype)
    yield from sigmoid_calls(x, work)
    yield partial(np.subtract, one, work, out)
    yield partial(np.multiply, out, x, out)
    yield partial(np.add, out, one, out)
    yield partial(np.multiply, out, work, out)
