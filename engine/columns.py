"""What a table of data is made of: named columns, each with one value for every sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.arrays import Array, Shape

ColumnKind = Literal["number", "category", "text", "image"]


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `values` has the samples on its first axis.

    "number": float64 (N, ...), NaN where a value is missing; a second axis is time, where rows were cut into windows.
    "category" and "text": NumPy texts (N,), "" where missing. "image": uint8 (N, channels, height, width).
    """

    name: str
    kind: ColumnKind
    values: Array

    @property
    def inner(self) -> Shape:
        """The shape of one value; () for a single number or text."""
        return tuple(self.values.shape[1:])

    def take(self, rows: Array) -> Column:
        """Return the column with these rows only, in this order."""
        return Column(self.name, self.kind, self.values[rows])
