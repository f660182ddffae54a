"""Tanh drawn with a ruler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import clip, within
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.curve import Curve
from engine.problems import Change
from engine.spec import param


class HardTanh(Curve):
    """Keeps values between two bounds and cuts off the rest: y = min(max(x, low), high).

    ONNX: Clip. PyTorch: nn.Hardtanh.

    Use it where values must stay within bounds at little cost. Avoid it in deep networks: beyond the bounds no
    gradient comes back.
    """

    low: float = param("The smallest value that is kept.", default=-1.0, min=-1e6, max=1e6)
    high: float = param("The largest value that is kept.", default=1.0, min=-1e6, max=1e6)

    def shape(self, x: Shape) -> Shape:
        if self.low >= self.high:
            text = f"HardTanh needs a low below its high, not {self.low:g} and {self.high:g}. Choose a smaller low."
            raise ShapeError(text, Change("low", self.high - 1))
        return x

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return clip(x, self.low, self.high, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return within(x, self.low, self.high, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Clip", x, g.constant(np.float32(self.low)), g.constant(np.float32(self.high)))

    def torch(self, x: Shape) -> str:
        return f"nn.Hardtanh({self.low}, {self.high})"

    def summary(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(low=-0.2, high=0.5), ((2, 3, 3),))
