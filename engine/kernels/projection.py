"""Products of the steps of series (N, T, F) with a matrix, plus a bias, and the way back."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.broadcast import adding
from engine.kernels.products import product, summed
from engine.kernels.reductions import row_sums


def projecting(x: Array, weight: Array, bias: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write x weightᵀ + bias for every step."""
    yield product(_rows(x), weight.T, _rows(out))  # (N·T, F) @ (F, E) -> (N·T, E)
    yield adding(bias, _rows(out))


def projecting_back(
    x: Array, weight: Array, grad: Array, grad_weight: Array, grad_bias: Array, grad_x: Array | None
) -> Iterator[Run]:
    """Yield calls that write the gradients of both weights, and that of `x` where it is wanted."""
    rows = _rows(grad)
    yield from summed(rows.T, _rows(x), grad_weight)  # (E, N·T) @ (N·T, F) -> (E, F)
    yield row_sums(rows, grad_bias)
    if grad_x is not None:
        yield product(rows, weight, _rows(grad_x))  # (N·T, E) @ (E, F) -> (N·T, F)


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
