"""Scaled dot-product attention: views of heads, softmax over keys, and the way back.

Scores (T, S) are many more than queries and values. So whatever multiplies a row of them, or is taken from it, goes into the
smaller matrices before or behind, and so many heads are worked on at a time as have their scores in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import prod, sqrt
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.kernels.memory import PIECE, ones, stretches
from engine.kernels.reductions import sum_columns

# While no score is larger, powers and their sums neither overflow nor vanish, and need not be shifted by the largest of
# their row: to find that takes longer than the powers.
MODERATE = 30


def heads_of(rows: Array, parts: int, heads: int) -> Sequence[Array]:
    """Return views (N, heads, T, D) of each of the equal parts of the last axis of (N, T, parts · heads · D)."""
    n, steps, width = rows.shape
    split = rows.reshape(n, steps, parts, heads, width // (parts * heads))
    return [split[:, :, part].swapaxes(1, 2) for part in range(parts)]


def in_cache(powers: Array) -> Iterator[tuple[slice, slice]]:
    """Yield the samples and the heads of (N, heads, T, S) whose scores fit the cache together."""
    count, heads, *steps = powers.shape
    fitting = max(PIECE // prod(steps), 1)
    if fitting >= heads:
        yield from ((some, slice(heads)) for some in stretches(count, fitting // heads))
        return
    for sample in range(count):
        yield from ((slice(sample, sample + 1), some) for some in stretches(heads, fitting))


def attend(qkv: Sequence[Array], causal: bool, powers: Array, inverse: Array, out: Array, turned: Array) -> None:
    """Write softmax(q kᵀ / √D) v into `out` (N, heads, T, D).

    q is (N, heads, T, D), k and v are (N, heads, S, D). The softmax is `powers` (N, heads, T, S), with many keys only after its
    rows are multiplied by `inverse` (N, heads, T, 1): as `attend_back` wants them. `turned` (N, heads, D, S) is a work array.
    """
    for at in in_cache(powers):
        _attend([part[at] for part in qkv], causal, powers[at], inverse[at], out[at], turned[at])


def _attend(qkv: Sequence[Array], causal: bool, powers: Array, inverse: Array, out: Array, turned: Array) -> None:
    q, k, v = qkv
    np.multiply(k.swapaxes(2, 3), 1 / sqrt(q.shape[3]), out=turned)
    np.matmul(q, turned, out=powers)  # (T, D) @ (D, S) -> (T, S)
    moderate = max(powers.max(), -powers.min()) < MODERATE
    if causal:
        np.add(powers, _future(q.shape[2], powers.dtype), out=powers)
    if not moderate:
        np.max(powers, axis=3, keepdims=True, out=inverse)
        np.subtract(powers, inverse, out=powers)
    np.exp(powers, out=powers)
    sum_columns(powers.reshape(-1, powers.shape[3]), inverse.reshape(-1))
    np.divide(1, inverse, out=inverse)
    many = _many(powers, v)
    if not many:
        np.multiply(powers, inverse, out=powers)
    np.matmul(powers, v, out=out)  # (T, S) @ (S, D) -> (T, D)
    if many:
        np.multiply(out, inverse, out=out)


def _many(scores: Array, v: Array) -> bool:
    """Tell whether there are so many keys that what belongs to a row of scores had better go into smaller matrices."""
    return scores.shape[3] >= 4 * v.shape[3]


def attend_back(
    qkv: Sequence[Array],
    attended: Array,
    powers: Array,
    inverse: Array,
    grad: Array,
    out: Sequence[Array],
    work: tuple[Array, Array, Array],
) -> None:
    """Write the gradients of q, k and v into `out`, given that of what was `attended` (N, heads, T, D).

    `work` are arrays to work in: (N, heads, T, D + 1), (N, heads, D + 1, S), and a flat one for `scores_in_cache`. `inverse` is
    overwritten.
    """
    (*_, v), (*_, grad_v), (left, right, room) = qkv, out, work
    scores_of = _scores_of_many if _many(powers, v) else _scores_of_few
    for at in in_cache(powers):
        some = powers[at]
        scores = room[: some.size].reshape(some.shape)
        np.multiply(v[at].swapaxes(2, 3), 1 / sqrt(v.shape[3]), out=right[at][:, :, :-1])
        seen = scores_of(attended[at], inverse[at], grad[at], left[at], right[at], scores)
        np.matmul(some.swapaxes(2, 3), seen, out=grad_v[at])  # (S, T) @ (T, D) -> (S, D)
        np.multiply(scores, some, out=scores)
        _back_to_sources(scores, [part[at] for part in qkv[:2]], [part[at] for part in out[:2]])


def _back_to_sources(scores: Array, sources: Sequence[Array], out: Sequence[Array]) -> None:
    (q, k), (grad_q, grad_k) = sources, out
    np.matmul(scores, k, out=grad_q)  # (T, S) @ (S, D) -> (T, D)
    np.matmul(scores.swapaxes(2, 3), q, out=grad_k)  # (S, T) @ (T, D) -> (S, D)


def _scores_of_many(attended: Array, inverse: Array, grad: Array, left: Array, right: Array, scores: Array) -> Array:
    """Write the gradient of the scores but for the factor `powers`; return that of what powers and values make.

    What is taken from each row, the sum of gradient times what was attended, is one more column before the product.
    """
    values, taken, rows = left[..., :-1], left[..., -1], left.reshape(-1, left.shape[3])
    taken[...] = 0
    np.multiply(grad, attended, out=values)
    np.negative(rows.dot(ones(rows.shape[1], rows.dtype)).reshape(taken.shape), out=taken)
    np.copyto(values, grad)
    np.multiply(left, inverse, out=left)
    right[:, :, -1] = 1 / sqrt(grad.shape[3])
    np.matmul(left, right, out=scores)  # (T, D + 1) @ (D + 1, S) -> (T, S)
    return values


def _scores_of_few(attended: Array, inverse: Array, grad: Array, left: Array, right: Array, scores: Array) -> Array:
    """Do what `_scores_of_many` does, taking from each row of scores; `powers` are the softmax here."""
    products = left.reshape(-1)[: grad.size].reshape(grad.shape)
    np.multiply(grad, attended, out=products)
    sum_columns(products.reshape(-1, grad.shape[3]), inverse.reshape(-1))
    np.multiply(inverse, 1 / sqrt(grad.shape[3]), out=inverse)
    np.matmul(grad, right[:, :, :-1], out=scores)  # (T, D) @ (D, S) -> (T, S)
    np.subtract(scores, inverse, out=scores)
    return grad


def scores_in_cache(steps: int, others: int) -> int:
    """Return the most values that `powers` has of what `in_cache` yields."""
    return max(PIECE, steps * others)


@lru_cache(maxsize=64)
def _future(steps: int, dtype: Any) -> Array:
    """Return -infinity where a key lies after its query, else 0."""
    return np.triu(np.full((steps, steps), -np.inf, dtype), 1)
