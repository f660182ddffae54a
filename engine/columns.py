"""What a table of data is made of: named columns, each with one value for every sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from engine.arrays import Array, Shape
from engine.deferred import Deferred

ColumnKind = Literal["number", "category", "text", "image", "date"]
WIDE = 1 << 28  # bytes; texts that would take more in cells of equal width are kept in cells of their own


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `values` has the samples on its first axis.

    "number": float64 or float32 (N, ...), NaN where a value is missing; series are (N, steps, features).
    "date": float64 (N,), seconds since 1970 began, without leap seconds and time zone; NaN where missing.
    "category" and "text": NumPy texts (N,), "" where missing. "image": uint8 (N, channels, height, width), `Deferred`
    where there are more than memory should hold.
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
        values = self.values.select(rows) if isinstance(self.values, Deferred) else self.values[rows]
        return Column(self.name, self.kind, values)

    @cached_property
    def missing(self) -> Array:
        """Which rows have no value: booleans (N,). An array counts as missing where all of its numbers are."""
        if self.kind == "image":
            return np.zeros(len(self.values), bool)
        if self.kind in ("number", "date"):
            flat = self.values.reshape(len(self.values), -1)
            return np.asarray(np.isnan(flat).all(axis=1))
        return np.asarray(self.values == "")

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The values that occur, as texts, without the missing ones; numbers in their order."""
        return tuple(map(self.written, self._tally[0]))

    @property
    def different(self) -> int:
        """How many different values occur. To write a million numbers out as `distinct` does takes seconds."""
        return len(self._tally[0])

    @property
    def counts(self) -> Array:
        """How often each of the `distinct` values occurs."""
        return self._tally[1]

    @cached_property
    def _tally(self) -> tuple[Array, Array]:
        return np.unique(self.values[~self.missing], return_counts=True)

    def written(self, value: Any) -> str:
        """Return one value as a person writes it; "" where it is missing. Of numbers, dates and texts only."""
        return WRITTEN.get(self.kind, str)(value)

    def texts(self) -> Array:
        """Return every value as a text (N,); "" where it is missing. Of numbers, dates and texts only."""
        if self.kind not in WRITTEN:
            return self.values
        present, place = np.unique(self.values, return_inverse=True)
        return text_array(map(self.written, present))[place]


def number_text(value: float) -> str:
    """Return a number as a person writes it: `5` rather than `5.0`; "" where it is missing."""
    if math.isnan(value):
        return ""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value)) if not isinstance(value, np.float32) else str(value)


def date_text(seconds: float) -> str:
    """Return a date as ISO 8601 writes it, with the time where it is not midnight; "" where it is missing."""
    if math.isnan(seconds):
        return ""
    date, time = (
        np.datetime64(round(seconds * 1000), "ms").item().isoformat(sep=" ", timespec="milliseconds").split(" ")
    )
    time = time.removesuffix(".000")
    return date if time == "00:00:00" else f"{date} {time}"


WRITTEN: dict[str, Callable[[float], str]] = {"number": number_text, "date": date_text}


def whole_seconds(dates: Array) -> Array:
    """Return dates as int64, whole seconds since 1970; the least number where they are missing, as NumPy does."""
    missing = np.isnan(dates)
    seconds = np.floor(np.where(missing, 0, dates)).astype(np.int64)
    seconds[missing] = np.iinfo(np.int64).min
    return seconds


def text_array(texts: Iterable[str]) -> Array:
    """Return texts as one array; cells are of equal width unless a few long texts would make that far too large."""
    items = list(texts)
    longest = max(map(len, items), default=0)
    if 4 * longest * len(items) > WIDE:
        return np.array(items, dtype=np.dtypes.StringDType())
    return np.array(items, dtype=f"<U{max(longest, 1)}")
