"""The largest value over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.global_maximum import largest, largest_back
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError


class GlobalMaxPool1D(Layer):
    """Takes the largest value of every feature over all steps of a series: whether it was there at all, not when.

    Formula: y[f] = max x[t, f] over all steps t.

    Of equal values the first gets the gradient. Kim, 2014. ONNX: ReduceMax. PyTorch: amax over the steps.

    Use it where it matters whether something occurs at all: words in a text, an alarm in a signal. Avoid it where it
    matters how often or when.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"GlobalMaxPool1D takes a series (steps × features), not {describe(x)}.")
        return (x[1],)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"place": Scratch((x[1],), dtype="intp")}

    def forward(self, x: Array, place: Array, y: Array) -> None:
        largest(x, place, y)

    def backward(self, place: Array, grad_y: Array, grad_x: Array) -> None:
        largest_back(grad_y, place, grad_x[:, None])

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 18:
            return g.op("ReduceMax", x, g.constant(np.array([1])), keepdims=0)
        return g.op("ReduceMax", x, axes=[1], keepdims=0)

    def torch(self, x: Shape) -> str:
        return "x.amax(1)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
