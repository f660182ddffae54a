"""One value out of all along an axis, and the way back.

`row` and `out` have size 1 along the axis, `work` is like `x`; both are there only for those operations that need them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array


@dataclass(frozen=True)
class Reduction:
    """How values are reduced.

    `forward(x, axis, row, work, out)`; `backward(x, value, axis, row, work, grad, out)` with the `value` that it gave.
    """

    forward: Callable[..., None]
    backward: Callable[..., None]
    needs_row: bool = False
    needs_work: bool = False


def _summing(make: Callable[..., object], slope: Callable[..., object]) -> Reduction:
    """Return the reduction that adds up `make(x)`; `slope(x, out)` writes its derivative."""

    def forward(x: Array, axis: int, row: None, work: Array, out: Array) -> None:
        make(x, out=work)
        np.sum(work, axis=axis, keepdims=True, out=out)

    def backward(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> None:
        slope(x, out=out)
        np.multiply(out, grad, out=out)

    return Reduction(forward, backward, needs_work=True)


def _double(x: Array, out: Array) -> None:
    np.multiply(x, 2, out=out)


def _sum(x: Array, axis: int, row: None, work: None, out: Array) -> None:
    np.sum(x, axis=axis, keepdims=True, out=out)


def _sum_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> None:
    out[...] = grad


def _mean(x: Array, axis: int, row: None, work: None, out: Array) -> None:
    np.mean(x, axis=axis, keepdims=True, out=out)


def _mean_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> None:
    np.multiply(grad, 1 / x.shape[axis], out=out)


def _extreme(choose: np.ufunc) -> Reduction:
    """Return the reduction to the largest or smallest; of several equal ones each gets its share of the gradient."""

    def forward(x: Array, axis: int, row: Array, work: None, out: Array) -> None:
        choose.reduce(x, axis=axis, keepdims=True, out=out)

    def backward(x: Array, value: Array, axis: int, row: Array, work: None, grad: Array, out: Array) -> None:
        np.equal(x, value, out=out)
        np.sum(out, axis=axis, keepdims=True, out=row)
        np.divide(grad, row, out=row)
        np.multiply(out, row, out=out)

    return Reduction(forward, backward, needs_row=True)


def _product(x: Array, axis: int, row: None, work: None, out: Array) -> None:
    np.multiply.reduce(x, axis=axis, keepdims=True, out=out)


def _product_back(x: Array, value: Array, axis: int, row: None, work: Array, grad: Array, out: Array) -> None:
    """Multiply for each value what comes before it with what comes after: right also where some are 0."""
    x, work, out = (np.moveaxis(array, axis, 0) for array in (x, work, out))
    np.multiply.accumulate(x, axis=0, out=work)
    out[0] = 1
    out[1:] = work[:-1]
    np.multiply.accumulate(x[::-1], axis=0, out=work[::-1])
    np.multiply(out[:-1], work[1:], out=out[:-1])
    np.multiply(out, np.moveaxis(grad, axis, 0), out=out)


def _norm(x: Array, axis: int, row: None, work: Array, out: Array) -> None:
    np.multiply(x, x, out=work)
    np.sum(work, axis=axis, keepdims=True, out=out)
    np.sqrt(out, out=out)


def _norm_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> None:
    out[...] = 0
    np.divide(x, value, out=out, where=value > 0)
    np.multiply(out, grad, out=out)


def _log_sum_exp(x: Array, axis: int, row: Array, work: Array, out: Array) -> None:
    np.max(x, axis=axis, keepdims=True, out=row)
    np.subtract(x, row, out=work)
    np.exp(work, out=work)
    np.sum(work, axis=axis, keepdims=True, out=out)
    np.log(out, out=out)
    np.add(out, row, out=out)


def _log_sum_exp_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> None:
    np.subtract(x, value, out=out)
    np.exp(out, out=out)
    np.multiply(out, grad, out=out)


REDUCTIONS = {
    "sum": Reduction(_sum, _sum_back),
    "mean": Reduction(_mean, _mean_back),
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
    "norm": Reduction(_norm, _norm_back, needs_work=True),
    "log sum exp": Reduction(_log_sum_exp, _log_sum_exp_back, needs_row=True, needs_work=True),
    "product": Reduction(_product, _product_back, needs_work=True),
    "absolute sum": _summing(np.abs, np.sign),
    "sum of squares": _summing(np.square, _double),
}
