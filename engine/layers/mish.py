"""Mish."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import bound, constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve

STRAIGHT = 20


class Mish(Curve):
    """Weighs every value by the tanh of its softplus: y = x · tanh(log(1 + exp(x))).

    Smooth everywhere, and slightly below zero left of it. Misra, 2019. ONNX: Mish, or Softplus and Tanh. PyTorch: nn.Mish.

    Use it in place of ReLU in image networks, for a little more accuracy. Avoid it where speed counts: it is the
    costliest curve here.
    """

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        two = constant(2, x.dtype)
        yield from _exp(x, out)
        yield partial(np.add, out, two, work)
        yield partial(np.multiply, out, work, out)
        yield partial(np.add, out, two, work)
        yield partial(np.divide, out, work, out)
        yield partial(np.multiply, out, x, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        # n (n + 2 + 4 x (e + 1) / (e + 2)) / (n + 2)²
        one, two, four = (constant(value, x.dtype) for value in (1, 2, 4))
        yield from _exp(x, work)
        yield partial(np.add, work, two, out)
        yield partial(np.multiply, work, out, work)  # n
        yield partial(np.divide, one, out, out)
        yield partial(np.subtract, one, out, out)  # (e + 1) / (e + 2)
        yield partial(np.multiply, out, x, out)
        yield partial(np.multiply, out, four, out)
        yield partial(np.add, out, work, out)
        yield partial(np.add, out, two, out)
        yield partial(np.multiply, out, work, out)
        yield partial(np.add, work, two, work)
        yield partial(np.divide, out, work, out)
        yield partial(np.divide, out, work, out)

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


def _exp(x: Array, out: Array) -> Iterator[Run]:
    """Yield calls that write e = exp(x), but of x where the curve is straight to the last bit, for the square of e overflows.

    With n = e (e + 2), tanh(log(1 + e)) is n / (n + 2): no logarithm, and exact for the smallest e, too.
    """
    yield partial(np.minimum, x, bound(STRAIGHT, x), out=out)
    yield partial(np.exp, out, out)
