"""Softsign."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class Softsign(Curve):
    """Squeezes every value between -1 and 1, more gently than tanh: y = x / (1 + |x|).

    Bergstra et al., 2009. ONNX: Softsign. PyTorch: nn.Softsign.

    Use it in place of Tanh, where values far out should still learn a little. Avoid it in deep networks, where its
    gradient fades.
    """

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield partial(np.abs, x, out)
        yield partial(np.add, out, constant(1, x.dtype), out)
        yield partial(np.divide, x, out, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        one = constant(1, x.dtype)
        yield partial(np.abs, x, out)
        yield partial(np.add, out, one, out)
        yield partial(np.multiply, out, out, out)
        yield partial(np.divide, one, out, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softsign", x)

    def torch(self, x: Shape) -> str:
        return "nn.Softsign()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
