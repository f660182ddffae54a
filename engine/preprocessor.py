"""The contract of preprocessing: how the columns that an Input reads become one array of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.spec import Spec

Fitted = Mapping[str, Any]  # plain JSON values: what was learnt from the training part


class Preprocessor(Spec, family=True):
    """Turns columns into one float32 array (N, ...): scaling, standardising, categories into one-hot, text into tokens."""

    kinds: ClassVar[tuple[ColumnKind, ...]] = ()

    def fit(self, columns: Sequence[Column]) -> Fitted:
        """Return what must be known of the training part to `apply`: means, ranges, categories, vocabulary."""
        raise NotImplementedError

    def shape(self, columns: Sequence[Column], fitted: Fitted) -> Shape:
        """Return the shape of one sample of what `apply` returns."""
        raise NotImplementedError

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        """Return the float32 array (N, ...); never raises for values that `fit` has not seen."""
        raise NotImplementedError

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        """Describe `apply` in ONNX operators.

        `inputs` holds the graph's input values by kind: "numbers" (batch, ...) float32 with all number or image columns, and
        one text input of shape (batch, 1) for each category column, by the column's name.
        """
        raise NotImplementedError
