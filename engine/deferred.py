"""Arrays whose rows are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape


class Deferred:
    """Stands for an array (N, *inner) that may be larger than memory: whoever indexes it gets those rows, newly made.

    `make` returns rows by their numbers, `rows` are the numbers of the N that this one stands for.
    """

    def __init__(self, make: Callable[[Array], Array], rows: Array, inner: Shape, dtype: Any) -> None:
        self.make, self.rows, self.dtype = make, rows, np.dtype(dtype)
        self.shape: Shape = (len(rows), *inner)
        self.ndim, self.size = len(self.shape), prod(self.shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Array:
        """Return one row for a number, several for a slice or an array."""
        if np.ndim(index) == 0 and not isinstance(index, slice):
            row: Array = self.make(self.rows[[index]])[0]
            return row
        return self.make(self.rows[index])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.make(self.rows), dtype)

    def select(self, index: Any) -> Deferred:
        """Return these rows without making them."""
        return Deferred(self.make, self.rows[index], self.shape[1:], self.dtype)

    def chunks(self, count: int) -> Iterator[Array]:
        """Yield all rows in their order, so many at a time."""
        for start in range(0, len(self), count):
            yield self[start : start + count]
