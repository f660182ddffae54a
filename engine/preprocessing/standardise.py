"""Numbers to mean 0 and spread 1, categories to one-hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.preprocessing import dates, numbers
from engine.preprocessor import Feed, Fitted, Preprocessor


class Standardise(Preprocessor):
    """Brings every number column to mean 0 and spread 1, and turns each category into a row of zeros with one 1.

    Formula: y = (x - mean) / spread.

    A missing number becomes the mean; a missing date, a missing or unknown category all zeros; a column that never changes
    becomes zeros. Series have one mean and spread for each feature. scikit-learn: StandardScaler and OneHotEncoder.

    A date becomes its place in time, likewise of mean 0 and spread 1, and sine and cosine of its place in the year, the
    week and the day.

    Use it for tables: the first choice. Avoid it for pixels and other numbers whose zero means something: Scale.
    """

    kinds: ClassVar[tuple[ColumnKind, ...]] = ("number", "category", "date")

    dates: str = dates.parts_param()

    def shape(self, columns: Sequence[Column]) -> Shape:
        return numbers.row_shape(columns, dates.width(columns, self.dates))

    def fit(self, columns: Sequence[Column], size: Shape, window: int = 0) -> Fitted:
        mean, spread = moments(numbers.stack(columns))
        times = {"dates": dates.fit(columns, self.dates, ranged=False)} if dates.of_dates(columns) else {}
        return {
            **numbers.described(columns, size, window),
            **times,
            "mean": mean.tolist(),
            "spread": spread.tolist(),
            "categories": numbers.categories_of(columns),
            "unused": numbers.missing_width(columns, size, window, dates.width(columns, self.dates)),
        }

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        if not fitted["mean"]:
            return numbers.joined(columns, None, fitted)
        x = numbers.stack(columns)
        x -= np.asarray(fitted["mean"], np.float32)
        x /= np.asarray(fitted["spread"], np.float32)
        x[np.isnan(x)] = 0
        return numbers.joined(columns, x, fitted)

    def feeds(self, fitted: Fitted) -> tuple[Feed, ...]:
        return numbers.table_feeds(fitted)

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        parts = []
        if fitted["mean"]:
            centred = g.op("Sub", inputs["numbers"], g.constant(numbers.spread_out(fitted["mean"], fitted)))
            x = g.op("Div", centred, g.constant(numbers.spread_out(fitted["spread"], fitted)))
            parts.append(numbers.missing_to_zero(g, x))
        return numbers.table_onnx(g, parts, inputs, fitted)


def moments(x: Array) -> tuple[Array, Array]:
    """Return mean and spread of each feature (the last axis) in float64, NaN left out; 1 where nothing varies.

    Arrays with more than three axes (N, C, H, W) have one mean and one spread for all.
    """
    if x.shape[-1] == 0 or not len(x):
        return np.zeros(x.shape[-1]), np.ones(x.shape[-1])
    axes = tuple(range(x.ndim - 1)) if x.ndim <= 3 else None
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=axes), 1)
    mean = np.atleast_1d(x.sum(axis=axes, where=known, dtype=np.float64) / count)
    variance = np.square(x - mean).sum(axis=axes, where=known) / count
    spread = np.atleast_1d(np.sqrt(variance))
    constant = spread <= 1e-6 * np.abs(mean)  # less than float32 can tell apart
    return mean, np.where(constant | (spread < numbers.LEAST), 1.0, spread)
