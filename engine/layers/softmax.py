"""Softmax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.classes import rows_of, sharing, sharing_back
from engine.kernels.reductions import block_values
from engine.layer import Example, OnnxGraph, Pointwise, Scratch


def _axis(x: Shape) -> int:
    return 1 if len(x) == 3 else -1


class Softmax(Pointwise):
    """Turns values into shares that add up to 1: y = exp(x) / Σ exp(x).

    Over the values of a vector, of each step of a series, or over the channels at each pixel. Not needed before an Output
    with cross entropy, which has it built in. ONNX: Softmax. PyTorch: nn.Softmax.

    Use it for shares inside a network: weights of a mean, attention. Avoid it before an Output with cross entropy,
    which does it itself.
    """

    category = "Activation"
    never_negative = True
    apart = "step"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((x[1], x[2], 1) if len(x) == 3 else (*x[:-1], 1))
        work = Scratch((block_values(x[0 if len(x) == 3 else -1]),), batched=False)
        return {"row": row, "work": work}

    @prepared
    def forward(self, x: Array, row: Array, work: Array, y: Array) -> Run:
        sums, values, out = rows_of(row, x, y)
        return in_turn(sharing(values, sums, work, out))

    @prepared
    def backward(self, y: Array, row: Array, grad_y: Array, grad_x: Array) -> Run:
        sums, values, grad, out = rows_of(row, y, grad_y, grad_x)
        return in_turn(sharing_back(values, grad, sums, out))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softmax", x, axis=_axis(g.shape("x")))

    def torch(self, x: Shape) -> str:
        return f"nn.Softmax(dim={_axis(x)})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5,),))
        yield Example(cls(), ((3, 4),))
        yield Example(cls(), ((4, 2, 3),))
        yield Example(cls(), ((2, 2, 3, 2),))
