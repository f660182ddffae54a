"""The gates of recurrent layers in two orders: PyTorch's, and that in which a loop over time wants them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run

HALF = 0.5  # what is before a sigmoid is halved: sigmoid(a) = (tanh(a / 2) + 1) / 2

# Which gates of ours are which of PyTorch's, and by what their weights are multiplied.
Order = Sequence[tuple[slice, slice, tuple[float, ...]]]


def by_gate(weight: Array, gates: int) -> Array:
    """Return (G·H, ...) as (G, H, ...)."""
    return weight.reshape(gates, -1, *weight.shape[1:])


def scale(weight: Array, inner: Array, order: Order) -> Iterator[Run]:
    """Yield the calls that copy weights (G, ...) from PyTorch's order of gates into ours, times their factors."""
    for ours, theirs, factors in order:
        by = np.array(factors, weight.dtype).reshape(-1, *(1,) * (weight.ndim - 1))
        yield partial(np.multiply, weight[theirs], by, inner[ours])


def arrange(weight: Array, inner: Array, order: Order) -> Iterator[Run]:
    """Yield the calls that copy weights (G, ...) from PyTorch's order of gates into ours as they are."""
    for ours, theirs, _ in order:
        yield partial(np.copyto, inner[ours], weight[theirs])
