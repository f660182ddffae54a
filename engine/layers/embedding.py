"""Vectors for numbers of things."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.he import HeNormal
from engine.kernels.lookup import adding_rows, places
from engine.kernels.memory import constant
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.spec import param

INT64 = 7  # ONNX's number for the type


class Embedding(Layer):
    """Gives every number of a word, character or category a learned vector: y = weight[x].

    Numbers run from 0 to entries - 1; what lies outside is taken for the nearest of these. ONNX: Gather.
    PyTorch: nn.Embedding.

    Use it as the first layer for words, characters and categories with many values. Avoid it for numbers that measure
    something, and for categories with a handful of values.
    """

    category = "Dense"
    apart = "value"
    entries: int = param("How many different numbers there are.", default=128, min=1, max=1_000_000)
    width: int = param("How many values stand for each.", default=16, min=1, max=65_536)
    initializer: Initializer = param("First values of the vectors.", default=HeNormal(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) > 1:
            raise ShapeError(f"Embedding takes a row of whole numbers, not {describe(x)}.")
        return (*x, self.width)

    def weights(self, x: Shape) -> dict[str, Weight]:
        return {"weight": Weight((self.entries, self.width), self.initializer, fan_in=self.width, fan_out=self.width)}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = Scratch((places(self.width),), batched=False, dtype="intp")
        return {"clipped": Scratch(x), "numbers": Scratch(x, dtype="intp"), "work": work}

    @prepared
    def forward(self, x: Array, weight: Array, clipped: Array, numbers: Array, y: Array) -> Run:
        first, last = (constant(number, x.dtype) for number in (0, self.entries - 1))
        low = partial(np.fmin, x, last, clipped)
        high = partial(np.fmax, clipped, first, numbers, casting="unsafe")
        return in_turn((low, high, partial(weight.take, numbers, 0, y, "clip")))

    @prepared
    def backward(self, numbers: Array, work: Array, grad_y: Array, grad_weight: Array) -> Run:
        return in_turn(adding_rows(numbers.reshape(-1), grad_y.reshape(-1, self.width), work, grad_weight))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        ends = (g.constant(np.float32(0)), g.constant(np.float32(self.entries - 1)))
        return g.op("Gather", g.weight("weight"), g.op("Cast", g.op("Clip", x, *ends), to=INT64), axis=0)

    def torch(self, x: Shape) -> str:
        return f"nn.Embedding({self.entries}, {self.width})(x.long().clamp(0, {self.entries - 1}))"

    def summary(self) -> str:
        return f"{self.entries} × {self.width}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(entries=7, width=3), ((5,),), integers=7)
        yield Example(cls(entries=3, width=2), ((4,),), integers=5)
