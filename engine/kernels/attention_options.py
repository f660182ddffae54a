"""Scaled dot-product attention with what few networks need: keys left out, and dropout of what is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.kernels.reductions import sum_columns

FAR = -1e9  # added to the score of a key that is left out; finite, for queries that have no other


def attend(
    qkv: Sequence[Array], causal: bool, mask: Array | None, chances: Array, kept: Array | None, row: Array, work: Array
) -> Array:
    """Write softmax(q kᵀ / √D) into `chances` (N, heads, T, S) and return what v is to be multiplied by.

    `mask` (N, S) is 0 where a key is left out; `kept` is what dropout multiplies by; `row` (N, heads, T, 1) and `work`
    (like `chances`, needed with `kept`) are work arrays.
    """
    q, k, _ = qkv
    np.matmul(q, k.swapaxes(2, 3), out=chances)  # (T, D) @ (D, S) -> (T, S)
    np.multiply(chances, 1 / sqrt(q.shape[3]), out=chances)
    if causal:
        np.add(chances, _future(*chances.shape[2:], chances.dtype), out=chances)
    if mask is not None:
        np.add(chances, ((mask - 1) * -FAR)[:, None, None], out=chances)
    np.max(chances, axis=3, keepdims=True, out=row)
    np.subtract(chances, row, out=chances)
    np.exp(chances, out=chances)
    sum_columns(chances.reshape(-1, chances.shape[3]), row.reshape(-1))
    np.divide(chances, row, out=chances)
    return chances if kept is None else np.multiply(chances, kept, out=work)


@lru_cache(maxsize=64)
def _future(steps: int, others: int, dtype: Any) -> Array:
    """Return -infinity where a key lies after its query, else 0."""
    return np.triu(np.full((steps, others), -np.inf, dtype), 1)


def attend_back(
    qkv: Sequence[Array],
    chances: Array,
    kept: Array | None,
    grad: Array,
    scores: Array,
    work: Array,
    row: Array,
    out: Sequence[Array],
) -> None:
    """Write the gradients of q, k and v into `out`; `scores` and `work` are work arrays like `chances`."""
    (q, k, v), (grad_q, grad_k, grad_v) = qkv, out
    seen = chances if kept is None else np.multiply(chances, kept, out=work)
    np.matmul(seen.swapaxes(2, 3), grad, out=grad_v)  # (S, T) @ (T, D) -> (S, D)
    np.matmul(grad, v.swapaxes(2, 3), out=scores)  # (T, D) @ (D, S) -> (T, S)
    if kept is not None:
        np.multiply(scores, kept, out=scores)
    np.multiply(scores, chances, out=work)
    sum_columns(work.reshape(-1, work.shape[3]), row.reshape(-1))
    np.subtract(scores, row, out=scores)
    np.multiply(scores, chances, out=scores)
    np.multiply(scores, 1 / sqrt(q.shape[3]), out=scores)
    np.matmul(scores, k, out=grad_q)  # (T, S) @ (S, D) -> (T, D)
    np.matmul(scores.swapaxes(2, 3), q, out=grad_k)  # (S, T) @ (T, D) -> (S, D)
