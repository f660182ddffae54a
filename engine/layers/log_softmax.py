"""The logarithm of Softmax."""

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


class LogSoftmax(Pointwise):
    """Turns values into logarithms of shares that add up to 1: y = x - log Σ exp(x).

    Over the values of a vector, of each step of a series, or over the channels at each pixel. The largest value is taken
    away first, so that nothing overflows. ONNX: LogSoftmax. PyTorch: nn.LogSoftmax.

    Use it where logarithms of probabilities are the answer, or go into further sums. Avoid it before an Output with
    cross entropy, which does it itself.
    """

    category = "Activation"
    apart = "step"

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((x[1], x[2], 1) if len(x) == 3 else (*x[:-1], 1))
        return {"row": row, "sums": row, "work": Scratch((x[1], x[2], x[0]) if len(x) == 3 else x)}

    def forward(self, x: Array, row: Array, work: Array, y: Array) -> None:
        values, out = features_last(x), features_last(y)
        largest_last(values, row, out)
        np.subtract(values, row, out=out)
        np.exp(out, out=work)
        sum_last(work, row)
        np.log(row, out=row)
        np.subtract(out, row, out=out)

    def backward(self, y: Array, sums: Array, grad_y: Array, grad_x: Array) -> None:
        values, grad, out = features_last(y), features_last(grad_y), features_last(grad_x)
        sum_last(grad, sums)
        np.exp(values, out=out)
        np.multiply(out, sums, out=out)
        np.subtract(grad, out, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("LogSoftmax", x, axis=_axis(g.shape("x")))

    def torch(self, x: Shape) -> str:
        return f"nn.LogSoftmax(dim={_axis(x)})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5,),))
        yield Example(cls(), ((3, 4),))
        yield Example(cls(), ((4, 2, 3),))
        yield Example(cls(), ((2, 2, 3, 2),))
