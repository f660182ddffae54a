"""Scaled dot-product attention: views of heads, softmax over keys, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.kernels.reductions import sum_columns

# While no score is larger, powers and their sums neither overflow nor vanish, and need not be shifted by the largest of
# their row: to find that takes longer than the powers.
MODERATE = 60


def heads_of(rows: Array, parts: int, heads: int) -> Sequence[Array]:
    """Return views (N, heads, T, D) of each of the equal parts of the last axis of (N, T, parts · heads · D)."""
    n, steps, width = rows.shape
    split = rows.reshape(n, steps, parts, heads, width // (parts * heads))
    return [split[:, :, part].swapaxes(1, 2) for part in range(parts)]


def attend(
    qkv: Sequence[Array], causal: bool, chances: Array, row: Array, out: Array, turned: Array | None = None
) -> None:
    """Write softmax(q kᵀ / √D) v into `out`, and the softmax into `chances` (N, heads, T, T).

    q, k, v and `out` are (N, heads, T, D); `row` (N, heads, T, 1) is a work array, and so is `turned` (N, heads, D, T), with
    which it goes faster.
    """
    q, k, v = qkv
    _times_transposed(q, k, turned, chances)
    np.multiply(chances, 1 / sqrt(q.shape[3]), out=chances)
    moderate = max(chances.max(), -chances.min()) < MODERATE
    if causal:
        np.add(chances, _future(q.shape[2], chances.dtype), out=chances)
    if not moderate:
        np.max(chances, axis=3, keepdims=True, out=row)
        np.subtract(chances, row, out=chances)
    np.exp(chances, out=chances)
    rows, sums = chances.reshape(-1, chances.shape[3]), row.reshape(-1)
    sum_columns(rows, sums)
    np.divide(1, sums, out=sums)
    np.multiply(rows, sums[:, None], out=rows)
    np.matmul(chances, v, out=out)  # (T, T) @ (T, D) -> (T, D)


def _times_transposed(a: Array, b: Array, turned: Array | None, out: Array) -> None:
    """Write a bᵀ: (T, D) @ (D, T) -> (T, T). With few values BLAS multiplies b faster if it was turned before."""
    across = b.swapaxes(2, 3)
    if turned is not None:
        np.copyto(turned, across)
        across = turned
    np.matmul(a, across, out=out)


def attend_back(
    qkv: Sequence[Array],
    chances: Array,
    grad: Array,
    scores: Array,
    work: Array,
    row: Array,
    out: Sequence[Array],
    turned: Array | None = None,
) -> None:
    """Write the gradients of q, k and v into `out`; `scores` and `work` are work arrays like `chances`."""
    (q, k, v), (grad_q, grad_k, grad_v) = qkv, out
    np.matmul(chances.swapaxes(2, 3), grad, out=grad_v)
    _times_transposed(grad, v, turned, scores)
    np.multiply(scores, chances, out=work)
    sum_columns(work.reshape(-1, work.shape[3]), row.reshape(-1))
    np.subtract(scores, row, out=scores)
    np.multiply(scores, chances, out=scores)
    np.multiply(scores, 1 / sqrt(q.shape[3]), out=scores)
    np.matmul(scores, k, out=grad_q)
    np.matmul(scores.swapaxes(2, 3), q, out=grad_k)


@lru_cache(maxsize=64)
def _future(steps: int, dtype: Any) -> Array:
    """Return -infinity where a key lies after its query, else 0."""
    return np.triu(np.full((steps, steps), -np.inf, dtype), 1)
