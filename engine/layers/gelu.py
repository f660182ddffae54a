"""The Gaussian error linear unit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.gelu import factor_calls, slope_calls
from engine.kernels.memory import PIECE, pieces, room, shaped_like
from engine.layer import Example, OnnxGraph, Pointwise, Scratch
from engine.spec import param


def _number(g: OnnxGraph, value: float) -> str:
    return g.constant(np.float32(value))


class GELU(Pointwise):
    """Weighs every value by the chance that a normal variable is smaller: y = x · P(X ≤ x).

    The tanh form takes (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 for that chance. Hendrycks and Gimpel, 2016.
    ONNX: Gelu, or Erf and Tanh. PyTorch: nn.GELU.

    Use it in transformers, and wherever a smooth curve in place of ReLU is wanted. Avoid it on small devices:
    HardSwish is nearly as good and cheap.
    """

    category = "Activation"
    apart = "value"
    form: str = param(
        "The exact formula, or the cheaper one by tanh that many language models use.",
        default="exact",
        choices=("exact", "tanh"),
    )

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = Scratch((PIECE,), batched=False)
        return {"factor": Scratch(x), "square": work, "work": work}

    @prepared
    def forward(self, x: Array, factor: Array, square: Array, y: Array) -> Run:
        return in_turn(call for part in pieces(x, shaped_like(x, factor), y) for call in self._forth(square, *part))

    def _forth(self, square: Array, x: Array, factor: Array, y: Array) -> Iterator[Run]:
        yield from factor_calls(x, self.form == "exact", room(square, x), factor)
        yield partial(np.multiply, x, factor, y)

    @prepared
    def backward(self, x: Array, factor: Array, work: Array, grad_y: Array, grad_x: Array) -> Run:
        parts, exact = pieces(x, shaped_like(x, factor), grad_y, grad_x), self.form == "exact"
        return in_turn(
            call
            for source, chance, grad, out in parts
            for call in slope_calls(source, exact, chance, grad, room(work, source), out)
        )

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if g.opset >= 20:
            return g.op("Gelu", x, approximate="none" if self.form == "exact" else "tanh")
        if self.form == "exact":
            inner = g.op("Erf", g.op("Mul", x, _number(g, sqrt(0.5))))
        else:
            cube = g.op("Mul", g.op("Mul", x, x), g.op("Mul", x, _number(g, 0.044715)))
            inner = g.op("Tanh", g.op("Mul", g.op("Add", x, cube), _number(g, sqrt(2 / pi))))
        factor = g.op("Mul", g.op("Add", inner, _number(g, 1.0)), _number(g, 0.5))
        return g.op("Mul", x, factor)

    def torch(self, x: Shape) -> str:
        return f'nn.GELU(approximate="{"none" if self.form == "exact" else "tanh"}")'

    def summary(self) -> str:
        return "" if self.form == "exact" else self.form

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(form="tanh"), ((3, 4),))
        yield Example(cls(), ((2, 3, 3),))
