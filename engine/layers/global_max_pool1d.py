"""The largest value over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Shape, describe
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.global_max_pool import GlobalMaxPool


class GlobalMaxPool1D(GlobalMaxPool):
    """Keeps the largest value of every feature over all steps of a series, wherever it is.

    Kim, 2014, for text. ONNX: ReduceMax. PyTorch: amax over the steps.
    """

    axes: ClassVar[tuple[int, ...]] = (1,)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"GlobalMaxPool1D takes a series (steps × features), not {describe(x)}.")
        return (x[1],)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 18:
            return g.op("ReduceMax", x, g.constant(np.array([1])), keepdims=0)
        return g.op("ReduceMax", x, axes=[1], keepdims=0)

    def torch(self, x: Shape) -> str:
        return "x.amax(1)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
