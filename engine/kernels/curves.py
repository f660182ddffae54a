"""Functions of single values that several activations share, in forms that neither overflow nor cancel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant


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


def softplus(x: Array, work: Array, out: Array) -> None:
    """Write log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); `work` may be `x`, `out` not."""
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.maximum(x, 0, out=work)
    np.add(out, work, out=out)


def exp_minus_one(x: Array, work: Array, out: Array) -> None:
    """Write exp(x) - 1 where x is negative and 0 elsewhere, exact also near 0; `out` may be `x`.

    It is 2 t / (1 - t) with t = tanh(x / 2), which costs half of what expm1 does.
    """
    np.minimum(x, 0, out=out)
    np.multiply(out, 0.5, out=out)
    np.tanh(out, out=out)
    np.subtract(1, out, out=work)
    np.divide(out, work, out=out)
    np.multiply(out, 2, out=out)


def silu(x: Array, out: Array) -> None:
    """Write x · sigmoid(x); `out` may not be `x`."""
    sigmoid(x, out)
    np.multiply(out, x, out=out)


def silu_slope(x: Array, work: Array, out: Array) -> None:
    """Write the slope of x · sigmoid(x), which is s + x · s · (1 - s); neither array may be `x`."""
    sigmoid(x, work)
    np.subtract(1, work, out=out)
    np.multiply(out, x, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, work, out=out)
