"""A data set in memory: columns of equal length."""

from __future__ import annotations

from dataclasses import dataclass

from engine.arrays import Array
from engine.columns import Column


@dataclass(frozen=True, eq=False)
class Dataset:
    """Columns by name, in the order of the file. `notes` are sentences about what was mended while reading."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    def take(self, rows: Array) -> Dataset:
        """Return the data set with these rows only, in this order."""
        return Dataset(tuple(column.take(rows) for column in self.columns), self.notes)
