"""The largest value over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.global_maximum import largest, largest_back
from engine.layer import Example, Layer, OnnxGraph, Parts, Scratch, ShapeError
from engine.layers.masked_pooling import FirstInPadding


class GlobalMaxPool1D(Layer):
    """Takes the largest value of every feature over all steps of a series: whether it was there at all, not when.

    Of equal values the first gets the gradient. Kim, 2014. ONNX: ReduceMax. PyTorch: amax over the steps.
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

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", self, parts.add("filled", FirstInPadding(), x, mask) if mask else x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 18:
            return g.op("ReduceMax", x, g.constant(np.array([1])), keepdims=0)
        return g.op("ReduceMax", x, axes=[1], keepdims=0)

    def torch(self, x: Shape) -> str:
        return "x.amax(1)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
