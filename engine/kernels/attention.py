"""Scaled dot-product attention: views of heads, softmax over keys, and the way back.

Scores (T, S) are many more than queries and values. So whatever multiplies a row of them, or is taken from it, goes into the
smaller matrices before or behind, and so many heads are worked on at a time as have their scores in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from math import prod, sqrt
from typing import Any

import numpy as np

from engine.arrays import Array, aligned
from engine.calls import Run
from engine.kernels.memory import PIECE, constant, ones, shaped, stretches
from engine.kernels.reductions import filled

# While no score is larger, powers and their sums neither overflow nor vanish, and need not be shifted by the largest of
# their row: to find that takes longer than the powers.
MODERATE = 30
FEW = 1 << 13  # scores
FAR = -1e9  # added to the score of a key that is left out; finite, for queries that have no other


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


def leaving_out(mask: Array, far: Array) -> Iterator[Run]:
    """Yield calls that write what is added to the scores of each key (N, S): `mask` is 0 where it is to be left out, else 1."""
    yield partial(np.subtract, mask, constant(1, far.dtype), far)
    yield partial(np.multiply, far, constant(-FAR, far.dtype), far)


def attending(
    qkv: Sequence[Array],
    causal: bool,
    powers: Array,
    inverse: Array,
    out: Array,
    turned: Array,
    far: Array | None = None,
    kept: Array | None = None,
    room: Array | None = None,
) -> Iterator[Run]:
    """Yield calls that write softmax(q kᵀ / √D) v into `out` (N, heads, T, D).

    q is (N, heads, T, D), k and v are (N, heads, S, D). The softmax is `powers` (N, heads, T, S), with many keys only after its
    rows are multiplied by `inverse` (N, heads, T, 1), as `attending_back` wants them. `turned` (N, heads, D, S) is for work.
    There may be what is added to scores, `far` (N, S); and what dropout multiplies the softmax by, `kept`, like `powers`: that
    needs `room` for `scores_in_cache`.
    """
    for at in in_cache(powers):
        some, shift = powers[at], None if far is None else far[at[0], None, None]
        yield from _softmax([part[at] for part in qkv], causal, shift, some, inverse[at], turned[at])
        many = _many(some, qkv[2], kept)
        if not many:
            yield partial(np.multiply, some, inverse[at], some)
        seen = some
        if kept is not None and room is not None:
            seen = shaped(room, some.shape)
            yield partial(np.multiply, some, kept[at], seen)
        yield partial(np.matmul, seen, qkv[2][at], out[at])  # (T, S) @ (S, D) -> (T, D)
        if many:
            yield partial(np.multiply, out[at], inverse[at], out[at])


def _softmax(
    qkv: Sequence[Array], causal: bool, far: Array | None, powers: Array, inverse: Array, turned: Array
) -> Iterator[Run]:
    """Yield calls that write the powers of scores, and one over the sum of each row of them."""
    (q, k, _), rows = qkv, powers.reshape(-1, powers.shape[3])
    future = _future(*powers.shape[2:], powers.dtype) if causal else None
    yield partial(np.multiply, k.swapaxes(2, 3), constant(1 / sqrt(q.shape[3]), k.dtype), turned)
    yield partial(np.matmul, q, turned, powers)  # (T, D) @ (D, S) -> (T, S)
    yield partial(_shift, powers, future, far, inverse)
    yield partial(np.exp, powers, powers)
    yield partial(rows.dot, ones(rows.shape[1], rows.dtype), inverse.reshape(-1))  # (·, S) @ (S,) -> (·,)
    yield partial(np.divide, constant(1, powers.dtype), inverse, inverse)


def _shift(scores: Array, future: Array | None, far: Array | None, row: Array) -> None:
    """Leave out keys, and take from scores the largest of their row where any is large, or a query has no key."""
    flat = scores.reshape(-1)
    moderate = flat.size <= FEW and flat.dot(flat) < MODERATE**2  # tells of few scores in less time that none is large
    moderate = moderate or max(np.maximum.reduce(flat), -np.minimum.reduce(flat)) < MODERATE
    if future is not None:
        np.add(scores, future, scores)
    if far is not None:
        np.add(scores, far, scores)
        moderate = moderate and not (far[..., 0] if future is not None else np.maximum.reduce(far, 3)).any()
    if not moderate:
        np.max(scores, axis=3, keepdims=True, out=row)
        np.subtract(scores, row, scores)


def _many(scores: Array, v: Array, kept: Array | None) -> bool:
    """Tell whether there are so many keys that what belongs to a row of scores had better go into smaller matrices."""
    return scores.shape[3] >= 4 * v.shape[3] and kept is None


def attending_back(
    qkv: Sequence[Array],
    attended: Array,
    powers: Array,
    inverse: Array,
    grad: Array,
    out: Sequence[Array],
    work: tuple[Array, Array, Array],
    kept: Array | None = None,
) -> Iterator[Run]:
    """Yield calls that write the gradients of q, k and v into `out`, given that of what was `attended` (N, heads, T, D).

    `work` are arrays to work in: (N, heads, T, D + 1), (N, heads, D + 1, S), and a flat one for `scores_in_cache`. `inverse` is
    overwritten.
    """
    (q, k, v), (grad_q, grad_k, grad_v), (left, right, room) = qkv, out, work
    root = constant(1 / sqrt(v.shape[3]), v.dtype)
    many = _many(powers, v, kept)
    values = left[..., :-1] if many else grad
    for at in in_cache(powers):
        some, some_kept = powers[at], None if kept is None else kept[at]
        scores, given = shaped(room, some.shape), (attended[at], inverse[at], grad[at], left[at], right[at])
        yield partial(np.multiply, v[at].swapaxes(2, 3), root, right[at][:, :, :-1])
        if some_kept is not None:
            yield partial(np.multiply, some, some_kept, scores)
            yield partial(np.matmul, scores.swapaxes(2, 3), grad[at], grad_v[at])  # (S, T) @ (T, D) -> (S, D)
        yield from _scores_of_many(*given, scores) if many else _scores_of_few(*given, some_kept, scores)
        if some_kept is None:
            yield partial(np.matmul, some.swapaxes(2, 3), values[at], grad_v[at])  # (S, T) @ (T, D) -> (S, D)
        yield partial(np.multiply, scores, some, scores)
        yield partial(np.matmul, scores, k[at], grad_q[at])  # (T, S) @ (S, D) -> (T, D)
        yield partial(np.matmul, scores.swapaxes(2, 3), q[at], grad_k[at])  # (S, T) @ (T, D) -> (S, D)


def _scores_of_many(
    attended: Array, inverse: Array, grad: Array, left: Array, right: Array, scores: Array
) -> Iterator[Run]:
    """Yield calls that write the gradient of the scores but for the factor `powers`, and into `left` what powers meet.

    What is taken from each row, the sum of gradient times what was attended, is one more column before the product.
    """
    values, taken, rows = left[..., :-1], left[..., -1], left.reshape(-1, left.shape[3])
    sums = aligned(len(rows), rows.dtype)
    yield partial(taken.fill, 0)
    yield partial(np.multiply, grad, attended, values)
    yield partial(rows.dot, filled(rows.shape[1], -1, rows.dtype), sums)  # (·, D + 1) @ (D + 1,) -> (·,)
    yield partial(np.copyto, taken, sums.reshape(taken.shape))
    yield partial(np.copyto, values, grad)
    yield partial(np.multiply, left, inverse, left)
    yield partial(right[:, :, -1].fill, 1 / sqrt(grad.shape[3]))
    yield partial(np.matmul, left, right, scores)  # (T, D + 1) @ (D + 1, S) -> (T, S)


def _scores_of_few(
    attended: Array, inverse: Array, grad: Array, left: Array, right: Array, kept: Array | None, scores: Array
) -> Iterator[Run]:
    """Do what `_scores_of_many` does, taking from each row of scores; `powers` are the softmax here."""
    products = shaped(left.reshape(-1), grad.shape)
    roots = filled(grad.shape[3], 1 / sqrt(grad.shape[3]), grad.dtype)
    yield partial(np.multiply, grad, attended, products)
    yield partial(products.reshape(-1, len(roots)).dot, roots, inverse.reshape(-1))  # (·, D) @ (D,) -> (·,)
    yield partial(np.matmul, grad, right[:, :, :-1], scores)  # (T, D) @ (D, S) -> (T, S)
    if kept is not None:
        yield partial(np.multiply, scores, kept, scores)
    yield partial(np.subtract, scores, inverse, scores)


def scores_in_cache(steps: int, others: int) -> int:
    """Return the most values that `powers` has of what `in_cache` yields."""
    return max(PIECE, steps * others)


@lru_cache(maxsize=64)
def _future(steps: int, others: int, dtype: Any) -> Array:
    """Return -infinity where a key lies after its query, else 0."""
    return np.triu(np.full((steps, others), -np.inf, dtype), 1)
