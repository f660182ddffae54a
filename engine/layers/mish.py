"""Mish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.curves import sigmoid, softplus
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class Mish(Curve):
    """Weighs every value by the tanh of its softplus: y = x · tanh(log(1 + exp(x))).

    Smooth everywhere, and slightly below zero left of it. Misra, 2019. ONNX: Mish, or Softplus and Tanh. PyTorch: nn.Mish.

    Use it in place of ReLU in image networks, for a little more accuracy. Avoid it where speed counts: it is the
    costliest curve here.
    """

    def curve(self, x: Array, work: Array, out: Array) -> None:
        softplus(x, work, out)
        np.tanh(out, out=out)
        np.multiply(out, x, out=out)

    def slope(self, x: Array, work: Array, out: Array) -> None:
        softplus(x, out, work)
        np.tanh(work, out=work)
        sigmoid(x, out)
        np.multiply(out, x, out=out)
        np.add(work, np.multiply(out, 1 - work * work, out=out), out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 18:
            return g.op("Mish", x)
        return g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))

    def torch(self, x: Shape) -> str:
        return "nn.Mish()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
