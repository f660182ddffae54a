"""The smooth rectifier."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import halved_sigmoid_calls, softplus
from engine.kernels.memory import constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve
from engine.spec import param


class Softplus(Curve):
    """A rectifier with a round corner, always positive: y = log(1 + exp(β x)) / β.

    Dugas et al., 2001. ONNX: Softplus. PyTorch: nn.Softplus.

    Use it where values must be positive and smooth: a spread, a rate, a divisor. Avoid it as a plain curve: ReLU is
    cheaper and rarely worse.
    """

    never_negative = True

    beta: float = param("How sharp the corner is.", default=1.0, min=0.01, max=100.0)

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield partial(np.multiply, x, constant(self.beta, x.dtype), work)
        yield from softplus(work, work, out)
        yield partial(np.multiply, out, constant(1 / self.beta, x.dtype), out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield partial(np.multiply, x, constant(self.beta / 2, x.dtype), out)
        yield from halved_sigmoid_calls(out, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if self.beta == 1:
            return g.op("Softplus", x)
        beta = g.constant(np.float32(self.beta))
        return g.op("Div", g.op("Softplus", g.op("Mul", x, beta)), beta)

    def torch(self, x: Shape) -> str:
        return f"nn.Softplus({self.beta})"

    def summary(self) -> str:
        return f"β {self.beta:g}" if self.beta != 1 else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(beta=2.5), ((2, 3, 3),))
