"""The mean over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.layer import Example, Layer, OnnxGraph, Parts, ShapeError
from engine.layers.masked_pooling import MeanOfSteps


class GlobalAveragePool1D(Layer):
    """Takes the mean of every feature over all steps of a series.

    ONNX: ReduceMean. PyTorch: mean over the steps.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"GlobalAveragePool1D takes a series (steps × features), not {describe(x)}.")
        return (x[1],)

    def forward(self, x: Array, y: Array) -> None:
        np.sum(x, axis=1, out=y)
        y *= 1 / x.shape[1]

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        share = grad_y * (1 / grad_x.shape[1])
        grad_x[...] = share[:, None]

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", *((MeanOfSteps(), x, mask) if mask else (self, x)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 18:
            return g.op("ReduceMean", x, g.constant(np.array([1])), keepdims=0)
        return g.op("ReduceMean", x, axes=[1], keepdims=0)

    def torch(self, x: Shape) -> str:
        return "x.mean(1)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
