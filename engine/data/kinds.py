"""Guesses about columns: what kind each is, and which one a person most likely wants to predict."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from engine.columns import Column, ColumnKind
from engine.data.dataset import Dataset

TARGET_NAMES = (
    "target",
    "label",
    "class",
    "y",
    "digit",
    "species",
    "category",
    "outcome",
    "output",
    "gender",
    "sentiment",
)
ROW_NAME = re.compile(r"(?i:^id$|^index$|^unnamed: 0$|[_ .-]id$)|[a-z]I[dD]$")  # of numbers that tell rows apart
FEWEST, LOOKED_AT, UNEVEN = 20, 2000, 0.15  # rows of a clock at least; rows that are looked at; share of a step
FEW = 50  # different values: more are categories only if each occurs often


def text_kind(distinct: int, present: int) -> ColumnKind:
    """Return "category" or "text" for a column of texts by how often its values are repeated."""
    repeated = distinct <= FEW and 2 * distinct <= present
    return "category" if repeated or (distinct <= 1000 and 20 * distinct <= present) else "text"


def as_kind(column: Column, kind: ColumnKind) -> Column:
    """Return a column as one of another kind: texts that are no numbers or dates become missing, these are written out.

    A column that cannot be converted (an image, a series) comes back as it is.
    """
    if kind == column.kind or column.inner or kind == "image":
        return column
    if kind in ("category", "text"):
        return Column(column.name, kind, column.texts())
    read = _number if kind == "number" else seconds_of
    present, place = np.unique(column.texts(), return_inverse=True)
    return Column(column.name, kind, np.array([read(str(text)) for text in present])[place.reshape(-1)])


def seconds_of(text: str) -> float:
    """Return the seconds since 1970 of a date as ISO 8601 writes it; NaN for anything else."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    return found.replace(tzinfo=UTC).timestamp()  # as it is written, whatever the time zone


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def converted(dataset: Dataset, kinds: Mapping[str, ColumnKind]) -> Dataset:
    """Return the data set with these columns, where it has them, as these kinds: a short file suggests other kinds."""
    columns = tuple(as_kind(column, kinds.get(column.name, column.kind)) for column in dataset.columns)
    notes = (_lost(before, after) for before, after in zip(dataset.columns, columns, strict=True))
    return Dataset(columns, (*dataset.notes, *filter(None, notes)))


def _lost(before: Column, after: Column) -> str:
    """Return a sentence about values that count as missing because they are not of the kind that is wanted, else ""."""
    lost = np.flatnonzero(after.missing & ~before.missing) if after is not before else np.arange(0)
    if not len(lost):
        return ""
    example, count = before.take(lost[:1]).texts()[0], len(lost)
    what = (
        f"1 value of {after.name} is no {after.kind} and counts"
        if count == 1
        else (f"{count:,} values of {after.name} are no {after.kind}s and count")
    )
    return f"{what} as missing: {example:.40}{', …' if count > 1 else '.'}"


def tells_classes(column: Column) -> bool:
    """Tell whether the values are classes rather than measures: categories, or few whole numbers that are repeated."""
    if column.kind == "category":
        return True
    if column.kind != "number" or column.inner:
        return False
    values = column.values[~column.missing]
    if not len(values) or (values != np.floor(values)).any():
        return False
    few = column.different <= 20 and 3 * column.different <= len(values)
    return few and (_named(column.name) or column.different == 2)


def tells_rows_apart(column: Column) -> bool:
    """Tell whether whole numbers under a name such as `customer_id` are there to tell rows apart, none like another."""
    if column.kind != "number" or column.inner or not ROW_NAME.search(column.name):
        return False
    values = column.values[~column.missing]
    return len(values) > 1 and bool((values == np.floor(values)).all()) and column.different == len(values)


def is_clock(column: Column) -> bool:
    """Tell whether rows follow one another in time: dates that rise by about equal steps, but for some gaps."""
    if column.kind != "date" or len(column.values) < FEWEST:
        return False
    steps = np.diff(column.values[:LOOKED_AT])
    step = float(np.median(steps))
    even = np.abs(steps - step) <= UNEVEN * step  # months are of about equal length
    return step > 0 and bool((steps > 0).all()) and float(even.mean()) >= 0.9


def guess_target(dataset: Dataset) -> str:
    """Return the name of the column that is most likely to be predicted; "" where there is none.

    A name that says so wins ("label", "class", `is_...`), then the last or the first column if it tells classes apart,
    then the last or the first if it holds numbers.
    """
    usable = [column for column in dataset.columns if column.kind in ("number", "category") and not column.inner]
    usable = [column for column in usable if not column.missing.all()]
    if not usable:
        return ""
    for name in TARGET_NAMES:
        for column in usable:
            if column.name.lower() == name:
                return column.name
    named = [column for column in usable if _named(column.name)]
    if named:
        return named[-1].name
    ends = [column for column in (dataset.columns[-1], dataset.columns[0]) if column in usable]
    ends = [column for column in ends if column.different > 1]
    classes = [column for column in ends if tells_classes(column)]
    return (classes or ends or usable[-1:])[0].name


def _named(name: str) -> bool:
    low = name.lower()
    return low in TARGET_NAMES or low.startswith("is_") or low.endswith(("_label", "_class", "_target"))
