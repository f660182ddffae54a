"""The contract of preprocessing: how the columns that an Input reads become one array of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.spec import Spec

Fitted = Mapping[str, Any]  # plain JSON values: what was learnt from the training part


@dataclass(frozen=True)
class Feed:
    """One input of an exported model. `shape` is that of one sample; `dtype` is "float32", "int64" or "string".

    `column` tells whether it holds one column of the data, whose name it has.
    """

    name: str
    dtype: str
    shape: Shape
    column: bool = False


class Preprocessor(Spec, family=True):
    """Turns columns into one float32 array (N, ...): scaling, standardising, categories into one-hot, text into tokens.

    Number columns come first in the result, then dates, then one-hot categories; their widths add up on the last axis.
    Series that are cut from the rows of a table ("windows") are prepared row by row, and cut afterwards.
    """

    kinds: ClassVar[tuple[ColumnKind, ...]] = ()
    takes_tokens: ClassVar[bool] = False  # its exported model takes numbers of tokens; the vocabulary is metadata

    def shape(self, columns: Sequence[Column]) -> Shape:
        """Return the shape of one row of what `apply` returns, for columns that hold every value there is."""
        raise NotImplementedError

    def fit(self, columns: Sequence[Column], size: Shape, window: int = 0) -> Fitted:
        """Return what must be known of the training part to `apply`: means, ranges, categories, vocabulary.

        `size` is what the network takes for one sample. `window` is how many rows make one sample, 0 where each row is
        one. The result also holds "size", "window" and "columns" (name and kind of each), for `feeds` and `onnx`.
        """
        raise NotImplementedError

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        """Return the float32 array (N, ...) of rows; never raises for values that `fit` has not seen."""
        raise NotImplementedError

    def feeds(self, fitted: Fitted) -> tuple[Feed, ...]:
        """Return what the exported model takes.

        "numbers" holds all number and image columns: shaped like `size` where there are no others, else (..., columns).
        Then comes one input (1,), or (window, 1), under the column's name for each column of dates (int64, whole seconds
        since 1970, the least where missing) and for each category column (texts).
        """
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """Return what else a program must know, beside parameters and what was fitted, to feed an exported model."""
        return {}

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        """Describe `apply`, and the shape `size`, in ONNX operators; `inputs` names the value of each of `feeds`.

        Raises UserError where the operator set cannot say it.
        """
        raise NotImplementedError
