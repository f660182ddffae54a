"""Series in working arrays that have the steps first, as recurrent layers walk through them."""

from __future__ import annotations

from engine.arrays import Array


def time_first(work: Array) -> Array:
    """Return a contiguous working array (N, T, ...) as (T, N, ...): the same memory, read in another way."""
    return work.reshape(work.shape[1], work.shape[0], *work.shape[2:])


def flat(work: Array) -> Array:
    """Return (T, N, F) as rows (T·N, F)."""
    return work.reshape(-1, work.shape[-1])
