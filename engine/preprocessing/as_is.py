"""Numbers and images as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.preprocessing import numbers
from engine.preprocessor import Feed, Fitted, Preprocessor


class AsIs(Preprocessor):
    """Hands numbers and images over unchanged, for data that is already prepared.

    Formula: y = x.

    A missing number becomes 0. scikit-learn: "passthrough". PyTorch: nothing.

    Use it for data that is already prepared, and for numbers whose zero and unit matter. Avoid it for columns of very
    different size: Standardise.
    """

    kinds: ClassVar[tuple[ColumnKind, ...]] = ("number", "image")

    def shape(self, columns: Sequence[Column]) -> Shape:
        return numbers.row_shape(columns)

    def fit(self, columns: Sequence[Column], size: Shape, window: int = 0) -> Fitted:
        return numbers.described(columns, size, window)

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        x = numbers.stack(columns)
        if numbers.of_kind(columns, "number"):
            x[np.isnan(x)] = 0
        return x

    def feeds(self, fitted: Fitted) -> tuple[Feed, ...]:
        return numbers.table_feeds(fitted)

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        return numbers.missing_to_zero(g, inputs["numbers"])
