"""Numbers and images to the range from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.preprocessing import dates, numbers
from engine.preprocessor import Feed, Fitted, Preprocessor


class Scale(Preprocessor):
    """Brings numbers and images into the range from 0 to 1, and turns each category into a row of zeros with one 1.

    Formula: y = (x - smallest) / (largest - smallest).

    The smallest value of the training part becomes 0, the largest 1: for each column, or for all together where they
    are the pixels of an image (a size of channels, height and width). 8-bit images go from 0..255 to 0..1. A missing
    number or date becomes 0. Values beyond the range of the training part leave 0..1.

    A date becomes its place in time, from 0 to 1, and sine and cosine of its place in the year, the week and the day.

    scikit-learn: MinMaxScaler and OneHotEncoder.

    Use it for images, and for numbers with fixed bounds. Avoid it for numbers with outliers, which press all others
    together: Standardise.
    """

    kinds: ClassVar[tuple[ColumnKind, ...]] = ("number", "category", "date", "image")

    dates: str = dates.parts_param()

    def shape(self, columns: Sequence[Column]) -> Shape:
        return numbers.row_shape(columns, dates.width(columns, self.dates))

    def fit(self, columns: Sequence[Column], size: Shape, window: int = 0) -> Fitted:
        low, high = _range(columns, together=len(size) == 3)
        times = {"dates": dates.fit(columns, self.dates, ranged=True)} if dates.of_dates(columns) else {}
        return {
            **numbers.described(columns, size, window),
            **times,
            "low": low.tolist(),
            "width": np.where(high - low > numbers.LEAST, high - low, 1.0).tolist(),
            "categories": numbers.categories_of(columns),
            "unused": numbers.missing_width(columns, size, window, dates.width(columns, self.dates)),
        }

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        if not fitted["low"]:
            return numbers.joined(columns, None, fitted)
        x = numbers.stack(columns)
        x -= np.asarray(fitted["low"], np.float32)
        x /= np.asarray(fitted["width"], np.float32)
        if numbers.of_kind(columns, "number"):
            x[np.isnan(x)] = 0
        return numbers.joined(columns, x, fitted)

    def feeds(self, fitted: Fitted) -> tuple[Feed, ...]:
        return numbers.table_feeds(fitted)

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        parts = []
        if fitted["low"]:
            raised = g.op("Sub", inputs["numbers"], g.constant(numbers.spread_out(fitted["low"], fitted)))
            x = g.op("Div", raised, g.constant(numbers.spread_out(fitted["width"], fitted)))
            parts.append(numbers.missing_to_zero(g, x))
        return numbers.table_onnx(g, parts, inputs, fitted)


def _range(columns: Sequence[Column], together: bool) -> tuple[Array, Array]:
    """Return the smallest and the largest value, in float64: one of each, or one for each feature (the last axis)."""
    if numbers.of_kind(columns, "image"):
        return np.zeros(1), np.full(1, 255.0)
    x = numbers.stack(columns)
    if x.shape[-1] == 0 or not len(x):
        return np.zeros(x.shape[-1]), np.ones(x.shape[-1])
    axes = None if together or x.ndim > 3 else tuple(range(x.ndim - 1))
    known = ~np.isnan(x)
    low = np.atleast_1d(x.min(axis=axes, where=known, initial=np.inf)).astype(np.float64)
    high = np.atleast_1d(x.max(axis=axes, where=known, initial=-np.inf)).astype(np.float64)
    empty = low > high
    return np.where(empty, 0.0, low), np.where(empty, 1.0, high)
