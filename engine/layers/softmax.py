"""Softmax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import features_last
from engine.kernels.reductions import largest_last, sum_last
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
    apart = "step"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        kept = (x[1], x[2], 1) if len(x) == 3 else (*x[:-1], 1)
        return {"row": Scratch(kept)}

    def forward(self, x: Array, row: Array, y: Array) -> None:
        values, out = features_last(x), features_last(y)
        largest_last(values, row, out)
        np.subtract(values, row, out=out)
        np.exp(out, out=out)
        sum_last(out, row)
        np.divide(out, row, out=out)

    def backward(self, y: Array, row: Array, grad_y: Array, grad_x: Array) -> None:
        values, grad, out = features_last(y), features_last(grad_y), features_last(grad_x)
        np.multiply(values, grad, out=out)
        sum_last(out, row)
        np.subtract(grad, row, out=out)
        np.multiply(out, values, out=out)

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
