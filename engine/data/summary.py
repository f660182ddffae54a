"""A data set in figures: for each column what is missing, how it is spread, which values are most frequent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Array, describe
from engine.columns import Column, ColumnKind
from engine.data.dataset import Dataset
from engine.data.kinds import guess_target, tells_classes

SHOWN = 50  # most frequent values that are counted by name


@dataclass(frozen=True)
class ColumnSummary:
    """One column. Numbers have smallest, largest, mean and spread; categories, texts and classes have counts.

    Dates have smallest and largest, in seconds since 1970.
    """

    name: str
    kind: ColumnKind
    rows: int
    missing: int
    distinct: int
    smallest: float | None = None
    largest: float | None = None
    mean: float | None = None
    spread: float | None = None
    counts: tuple[tuple[str, int], ...] = ()
    shape: str = ""  # of one value, for images and series


@dataclass(frozen=True)
class Summary:
    """A whole data set; `target` is the column that is most likely to be predicted."""

    rows: int
    columns: tuple[ColumnSummary, ...]
    target: str
    notes: tuple[str, ...]


def summarise(dataset: Dataset) -> Summary:
    """Return the figures of every column."""
    columns = tuple(summarise_column(column) for column in dataset.columns)
    return Summary(len(dataset), columns, guess_target(dataset), dataset.notes)


def summarise_column(column: Column) -> ColumnSummary:
    """Return the figures of one column."""
    rows, missing = len(column.values), int(column.missing.sum())
    shape = describe(column.inner) if column.inner else ""
    if column.kind == "image":
        return ColumnSummary(column.name, column.kind, rows, 0, rows, 0.0, 255.0, shape=shape)
    if column.kind == "number":
        counts = class_counts(column) if tells_classes(column) else ()
        return ColumnSummary(
            column.name, column.kind, rows, missing, *_figures(column.values), counts=counts, shape=shape
        )
    if column.kind == "date":
        return ColumnSummary(column.name, column.kind, rows, missing, *_figures(column.values)[:3])
    return ColumnSummary(column.name, column.kind, rows, missing, column.different, counts=class_counts(column)[:SHOWN])


def _figures(values: Array) -> tuple[int, float | None, float | None, float | None, float | None]:
    known = values[~np.isnan(values)].astype(np.float64)
    if not known.size:
        return 0, None, None, None, None
    ordered = np.sort(known)
    distinct = 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
    return distinct, float(ordered[0]), float(ordered[-1]), float(known.mean()), float(known.std())


def class_counts(column: Column) -> tuple[tuple[str, int], ...]:
    """Return how often each value occurs, the most frequent first; classes of numbers in their order."""
    pairs = list(zip(column.distinct, column.counts.tolist(), strict=True))
    return tuple(pairs if column.kind == "number" else sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def preview(dataset: Dataset, first: int = 0, count: int = 50) -> list[list[str]]:
    """Return some rows as texts, one for each column; images and series as their shapes."""
    rows = range(first, min(first + count, len(dataset)))
    return [[cell_text(column, row) for column in dataset.columns] for row in rows]


def cell_text(column: Column, row: int) -> str:
    """Return one value as a person reads it; "" where it is missing."""
    if column.inner:
        return describe(column.inner)
    return column.written(column.values[row])
