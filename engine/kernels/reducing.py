"""One value out of all along an axis, and the way back, as calls.

`row` and `out` have size 1 along the axis, `work` is like `x`; both are there only for those operations that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant


@dataclass(frozen=True)
class Reduction:
    """How values are reduced.

    `forward(x, axis, row, work, out)`; `backward(x, value, axis, row, work, grad, out)` with the `value` that it gave.
    """

    forward: Callable[..., Iterator[Run]]
    backward: Callable[..., Iterator[Run]]
    needs_row: bool = False
    needs_work: bool = False


def _along(join: np.ufunc, x: Array, axis: int, out: Array) -> Run:
    return partial(join.reduce, x, axis, None, out, keepdims=True)


def _sum(x: Array, axis: int, row: None, work: None, out: Array) -> Iterator[Run]:
    yield _along(np.add, x, axis, out)


def _sum_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> Iterator[Run]:
    yield partial(np.copyto, out, grad)


def _mean(x: Array, axis: int, row: None, work: None, out: Array) -> Iterator[Run]:
    yield _along(np.add, x, axis, out)
    yield partial(np.multiply, out, constant(1 / x.shape[axis], x.dtype), out)


def _mean_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> Iterator[Run]:
    yield partial(np.multiply, grad, constant(1 / x.shape[axis], x.dtype), out)


def _absolute_sum(x: Array, axis: int, row: None, work: Array, out: Array) -> Iterator[Run]:
    yield partial(np.abs, x, work)
    yield _along(np.add, work, axis, out)


def _absolute_sum_back(
    x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array
) -> Iterator[Run]:
    yield partial(np.sign, x, out)
    yield partial(np.multiply, out, grad, out)


def _squares(x: Array, axis: int, row: None, work: Array, out: Array) -> Iterator[Run]:
    yield partial(np.multiply, x, x, work)
    yield _along(np.add, work, axis, out)


def _squares_back(x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array) -> Iterator[Run]:
    yield partial(np.multiply, x, constant(2, x.dtype), out)
    yield partial(np.multiply, out, grad, out)


def _extreme(choose: np.ufunc) -> Reduction:
    """Return the reduction to the largest or smallest; of several equal ones each gets its share of the gradient."""

    def forward(x: Array, axis: int, row: Array, work: None, out: Array) -> Iterator[Run]:
        yield _along(choose, x, axis, out)

    def backward(x: Array, value: Array, axis: int, row: Array, work: None, grad: Array, out: Array) -> Iterator[Run]:
        yield partial(np.equal, x, value, out)
        yield _along(np.add, out, axis, row)
        yield partial(np.divide, grad, row, row)
        yield partial(np.multiply, out, row, out)

    return Reduction(forward, backward, needs_row=True)


def _product(x: Array, axis: int, row: None, work: None, out: Array) -> Iterator[Run]:
    yield _along(np.multiply, x, axis, out)


def _product_back(x: Array, value: Array, axis: int, row: None, work: Array, grad: Array, out: Array) -> Iterator[Run]:
    """Multiply for each value what comes before it with what comes after: right also where some are 0."""
    x, work, out, grad = (np.moveaxis(array, axis, 0) for array in (x, work, out, grad))
    yield partial(np.multiply.accumulate, x, 0, None, work)
    yield partial(out[0].fill, 1)
    yield partial(np.copyto, out[1:], work[:-1])
    yield partial(np.multiply.accumulate, x[::-1], 0, None, work[::-1])
    yield partial(np.multiply, out[:-1], work[1:], out[:-1])
    yield partial(np.multiply, out, grad, out)


def _norm(x: Array, axis: int, row: Array, work: Array, out: Array) -> Iterator[Run]:
    yield from _squares(x, axis, None, work, out)
    yield partial(np.sqrt, out, out)


def _norm_back(x: Array, value: Array, axis: int, row: Array, work: None, grad: Array, out: Array) -> Iterator[Run]:
    """Give nothing where the norm is 0, as are all values there."""
    yield partial(np.equal, value, constant(0, x.dtype), row)
    yield partial(np.add, row, value, row)
    yield partial(np.divide, grad, row, row)
    yield partial(np.multiply, x, row, out)


def _log_sum_exp(x: Array, axis: int, row: Array, work: Array, out: Array) -> Iterator[Run]:
    yield _along(np.maximum, x, axis, row)
    yield partial(np.subtract, x, row, work)
    yield partial(np.exp, work, work)
    yield _along(np.add, work, axis, out)
    yield partial(np.log, out, out)
    yield partial(np.add, out, row, out)


def _log_sum_exp_back(
    x: Array, value: Array, axis: int, row: None, work: None, grad: Array, out: Array
) -> Iterator[Run]:
    yield partial(np.subtract, x, value, out)
    yield partial(np.exp, out, out)
    yield partial(np.multiply, out, grad, out)


REDUCTIONS = {
    "sum": Reduction(_sum, _sum_back),
    "mean": Reduction(_mean, _mean_back),
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
    "norm": Reduction(_norm, _norm_back, needs_row=True, needs_work=True),
    "log sum exp": Reduction(_log_sum_exp, _log_sum_exp_back, needs_row=True, needs_work=True),
    "product": Reduction(_product, _product_back, needs_work=True),
    "absolute sum": Reduction(_absolute_sum, _absolute_sum_back, needs_work=True),
    "sum of squares": Reduction(_squares, _squares_back, needs_work=True),
}
