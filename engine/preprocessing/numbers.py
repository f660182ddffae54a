"""What preprocessings share: number columns side by side, one-hot categories, and both in ONNX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column
from engine.layer import OnnxGraph
from engine.preprocessing import dates
from engine.preprocessor import Feed, Fitted
from engine.problems import UserError

LIMIT = 1e18  # larger numbers count as this one, so that no difference or quotient leaves float32
LEAST = 1e-18  # smaller ranges and spreads count as none
FLOAT = 1  # ONNX's number of the type float32


def described(columns: Sequence[Column], size: Shape, window: int) -> dict[str, Any]:
    """Return the part of what is fitted that says which columns are read and what leaves."""
    return {
        "columns": [[column.name, column.kind] for column in columns],
        "size": list(size),
        "window": window,
    }


def of_kind(columns: Sequence[Column], *kinds: str) -> list[Column]:
    """Return the columns of these kinds."""
    return [column for column in columns if column.kind in kinds]


def stack(columns: Sequence[Column]) -> Array:
    """Return number and image columns as one float32 array: single numbers (N, columns), others joined at the last axis."""
    chosen = of_kind(columns, "number", "image")
    if all(column.values.ndim == 1 for column in chosen):
        table = np.empty((len(chosen[0].values) if chosen else 0, len(chosen)), np.float32)
        for place, column in enumerate(chosen):
            table[:, place] = _single(column.values)
        return table
    parts = [_single(column.values if column.inner else column.values[:, None]) for column in chosen]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def _single(values: Array) -> Array:
    values = np.asarray(values)
    return (np.clip(values, -LIMIT, LIMIT) if values.dtype.kind == "f" else values).astype(np.float32)


def one_hot(column: Column, categories: Sequence[str]) -> Array:
    """Return a row of zeros with one 1 for each value (N, categories); all zeros where it is missing or unknown."""
    out = np.zeros((len(column.values), len(categories)), np.float32)
    if len(categories) and len(column.values):
        known = np.array(categories)
        place = np.minimum(np.searchsorted(known, column.values), len(known) - 1)
        rows = np.flatnonzero((known[place] == column.values) & (column.values != ""))
        out[rows, place[rows]] = 1
    return out


def categories_of(columns: Sequence[Column]) -> list[list[str]]:
    """Return the values of every category column, sorted, without the missing ones."""
    return [sorted(column.distinct) for column in of_kind(columns, "category")]


def row_shape(columns: Sequence[Column], of_dates: int = 0) -> Shape:
    """Return the shape of one row when numbers come first, then those of dates, then one-hot categories."""
    chosen = of_kind(columns, "number", "image")
    inner = max((column.inner or (1,) for column in chosen), key=len, default=(0,))
    width = sum((column.inner or (1,))[-1] for column in chosen) + sum(map(len, categories_of(columns)))
    width += of_dates
    return (*inner[:-1], width)


def number_shape(fitted: Fitted) -> Shape:
    """Return the shape of one sample of the "numbers" of an exported model."""
    apart = _named(fitted, "category", "date")
    if not apart:
        return tuple(fitted["size"])
    count = len(fitted["columns"]) - len(apart)
    return (fitted["window"], count) if fitted["window"] else (count,)


def table_feeds(fitted: Fitted) -> tuple[Feed, ...]:
    """Return what the exported model of a table takes."""
    steps = (fitted["window"],) if fitted["window"] else ()
    texts = [Feed(name, "string", (*steps, 1), True) for name in _named(fitted, "category")]
    times = [Feed(name, "int64", (*steps, 1), True) for name in _named(fitted, "date")]
    numbers = number_shape(fitted)
    return (*([Feed("numbers", "float32", numbers)] if prod(numbers) else []), *times, *texts)


def _named(fitted: Fitted, *kinds: str) -> list[str]:
    return [name for name, kind in fitted["columns"] if kind in kinds]


def spread_out(values: Sequence[float], fitted: Fitted) -> Array:
    """Return one fitted value for each feature as float32, shaped to meet the "numbers" of an exported model."""
    shape, flat = number_shape(fitted), np.asarray(values, np.float32)
    if flat.size == 1 or shape[-1] == flat.size:
        return flat
    return np.tile(flat, prod(shape) // flat.size).reshape(shape)


def missing_to_zero(g: OnnxGraph, x: str) -> str:
    """Return ONNX's name of `x` with 0 where it is not a number."""
    return str(g.op("Where", g.op("IsNaN", x), g.constant(np.zeros((), np.float32)), x))


def one_hot_onnx(g: OnnxGraph, x: str, categories: Sequence[str], window: int) -> str:
    """Describe `one_hot` of texts (batch, 1) or (batch, window, 1) in ONNX."""
    if g.opset >= 19:
        return str(g.op("Cast", g.op("Equal", x, g.constant(np.array(categories))), to=FLOAT))
    # before operator set 19 texts cannot be compared, but counted, row by row
    row = g.op("Reshape", x, g.constant(np.array([-1, 1]))) if window else x
    places = list(range(len(categories)))
    rules: dict[str, Any] = {"min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0, "ngram_counts": [0]}
    y = g.op("TfIdfVectorizer", row, mode="TF", ngram_indexes=places, pool_strings=list(categories), **rules)
    return str(g.op("Reshape", y, g.constant(np.array([-1, window, len(places)]))) if window else y)


def table_onnx(g: OnnxGraph, prepared: Sequence[str], inputs: Mapping[str, str], fitted: Fitted) -> str:
    """Describe `joined` in ONNX: prepared numbers (one value or none), dates, one-hot categories, unused zeros, `size`."""
    names, times = _named(fitted, "category"), _named(fitted, "date")
    known = zip(names, fitted["categories"], strict=True)
    parts = [*prepared, *(dates.features_onnx(g, inputs, times, fitted["dates"]) if times else [])]
    parts += [one_hot_onnx(g, inputs[name], values, fitted["window"]) for name, values in known if values]
    if not names and not times:
        return parts[0]
    if not parts:
        raise UserError(f"No training sample has a value in {', '.join(names)}. Leave these columns out.")
    y = parts[0] if len(parts) == 1 else str(g.op("Concat", *parts, axis=-1))
    rank = 3 if fitted["window"] else 2  # of (batch, window, width) or (batch, width)
    if fitted["unused"]:
        y = str(g.op("Pad", y, g.constant(np.array([0] * (2 * rank - 1) + [fitted["unused"]], np.int64))))
    if len(fitted["size"]) + 1 != rank:
        y = str(g.op("Reshape", y, g.constant(np.array([-1, *fitted["size"]], np.int64))))
    return y


def missing_width(columns: Sequence[Column], size: Shape, window: int, of_dates: int = 0) -> int:
    """Return how many values a row needs beyond those of the training part: for categories that only others have."""
    return max(0, prod(size) // max(window, 1) - prod(row_shape(columns, of_dates)))


def joined(columns: Sequence[Column], numbers: Array | None, fitted: Mapping[str, Any]) -> Array:
    """Return prepared numbers (or None), those of dates and one-hot categories side by side, with the unused zeros."""
    texts = of_kind(columns, "category")
    parts = dates.features(columns, fitted["dates"]) if "dates" in fitted else []
    parts += [one_hot(column, known) for column, known in zip(texts, fitted["categories"], strict=True)]
    if numbers is not None:
        parts.insert(0, numbers)
    if fitted["unused"]:
        parts.append(np.zeros((len(parts[0]), fitted["unused"]), np.float32))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
