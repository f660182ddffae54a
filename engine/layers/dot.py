"""The inner product of two branches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError


class Dot(Layer):
    """Says how alike two vectors are, by their inner product: y = Σ x1 · x2, one value.

    Formula: y = Σ x1 · x2.

    Of two series it is taken at each step. For recommending and matching. ONNX: Mul and ReduceSum. PyTorch: sum.

    Use it for recommending and matching, behind two branches that end in vectors of the same width. Avoid it where
    lengths should not count: bring both to length 1 before, or take the loss CosineSimilarity.
    """

    category = "Merge"

    def shape(self, x1: Shape, x2: Shape) -> Shape:
        if len(x1) not in (1, 2):
            raise ShapeError(f"Dot takes vectors or series, not {describe(x1)}.", port="x1")
        if x1 != x2:
            raise ShapeError(
                f"Dot needs equal shapes, but x1 is {describe(x1)} and x2 is {describe(x2)}. Bring them to one shape.",
                port="x2",
            )
        return (*x1[:-1], 1)

    @prepared
    def forward(self, x1: Array, x2: Array, y: Array) -> Run:
        return partial(np.vecdot, x1, x2, y[..., 0])  # (..., F) . (..., F) -> (...)

    @prepared
    def backward(self, x1: Array, x2: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None) -> Run:
        pairs = ((x2, grad_x1), (x1, grad_x2))
        return in_turn(partial(np.multiply, other, grad_y, grad) for other, grad in pairs if grad is not None)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("ReduceSum", g.op("Mul", x1, x2), g.constant(np.array([-1])), keepdims=1)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return "(x1 * x2).sum(-1, keepdim=True)"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (4,)))
        yield Example(cls(), ((3, 2), (3, 2)))
