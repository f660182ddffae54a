"""A data set in memory: columns of equal length."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array
from engine.columns import Column
from engine.deferred import Deferred

CHUNK = 64  # rows of a deferred array that are made at a time


@dataclass(frozen=True, eq=False)
class Dataset:
    """Columns by name, in the order of the file. `notes` are sentences about what was mended while reading."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    def take(self, rows: Array) -> Dataset:
        """Return the data set with these rows only, in this order."""
        return Dataset(tuple(column.take(rows) for column in self.columns), self.notes)


def fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 of names, kinds, shapes and values, in hexadecimal: two equal data sets have the same."""
    digest = hashlib.sha256()
    for column in dataset.columns:
        values = column.values
        if column.kind in ("category", "text"):
            digest.update(f"{column.name}\0{column.kind}\0{values.shape}\0".encode())
            digest.update("\0".join(values.ravel().tolist()).encode())
        else:
            dtype = values.dtype.newbyteorder("<")
            digest.update(f"{column.name}\0{column.kind}\0{values.shape}\0{dtype.str}\0".encode())
            for part in values.chunks(CHUNK) if isinstance(values, Deferred) else [values]:
                plain = np.ascontiguousarray(part, dtype)
                digest.update(plain.data.cast("B") if plain.size else b"")
    return digest.hexdigest()
