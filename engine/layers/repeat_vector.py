"""One vector at every step of a series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, prepared
from engine.kernels.reductions import row_sums
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.problems import Insert
from engine.spec import param


class RepeatVector(Layer):
    """Makes a series out of a vector: the same at every step, for a recurrent layer that unfolds it.

    Formula: y[t] = x for every step t.

    ONNX: Unsqueeze and Tile. PyTorch: unsqueeze and repeat.

    Use it between an encoder that ends in a vector and a recurrent decoder. Avoid it before attention, which can read
    the vector as one step.
    """

    category = "Dense"
    times: int = param("How many steps the series has.", default=2, min=1, max=100_000)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 1:
            raise ShapeError(
                f"RepeatVector takes a flat vector, not {describe(x)}. Put a Flatten before it.", Insert("Flatten")
            )
        return (self.times, *x)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x[:, None])

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return row_sums(grad_y, grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Tile", g.op("Unsqueeze", x, g.constant(np.array([1]))), g.constant(np.array([1, self.times, 1])))

    def torch(self, x: Shape) -> str:
        return f"x.unsqueeze(1).repeat(1, {self.times}, 1)"

    def summary(self) -> str:
        return f"{self.times} steps"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3,),))
        yield Example(cls(times=4), ((2,),))
