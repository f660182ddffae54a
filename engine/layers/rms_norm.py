"""Normalisation by the root mean square."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.reductions import sum_rows
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight
from engine.spec import param


class RMSNorm(Pointwise):
    """Gives the features of a vector, or of each step, a mean square of 1, then a learned scale.

    Formula: y = weight · x / √(mean(x²) + epsilon).

    Cheaper than LayerNorm, as in LLaMA. Zhang and Sennrich, 2019. ONNX: Mul, ReduceMean, Sqrt and Div. PyTorch:
    nn.RMSNorm.

    Use it in large transformers in place of LayerNorm: nearly as good, and cheaper. Avoid it where the mean of the
    features must go as well.
    """

    category = "Normalisation"
    apart = "step"
    epsilon: float = param(
        "Added to the mean square, so as not to divide by zero.", default=1e-6, min=1e-10, max=1e-1, advanced=True
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2):
            raise ShapeError(f"RMSNorm takes a vector or a series, not {describe(x)}. Use a GroupNorm on images.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        return {"weight": Weight(x[-1:], fill=1.0)}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((*x[:-1], 1))
        return {"normal": Scratch(x), "spread": row, "mean": row, "work": Scratch(x)}

    def forward(self, x: Array, weight: Array, normal: Array, spread: Array, y: Array) -> None:
        np.vecdot(x, x, out=spread[..., 0])
        np.multiply(spread, 1 / x.shape[-1], out=spread)
        np.add(spread, self.epsilon, out=spread)
        np.sqrt(spread, out=spread)
        np.divide(1, spread, out=spread)
        np.multiply(x, spread, out=normal)
        np.multiply(normal, weight, out=y)

    def backward(
        self,
        weight: Array,
        normal: Array,
        spread: Array,
        mean: Array,
        work: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
    ) -> None:
        np.multiply(grad_y, normal, out=work)
        sum_rows(work.reshape(-1, weight.size), out=grad_weight)
        if grad_x is None:
            return
        np.multiply(grad_y, weight, out=grad_x)
        np.vecdot(grad_x, normal, out=mean[..., 0])
        np.multiply(mean, 1 / weight.size, out=mean)
        np.multiply(normal, mean, out=work)
        np.subtract(grad_x, work, out=grad_x)
        np.multiply(grad_x, spread, out=grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        square, last = g.op("Mul", x, x), g.constant(np.array([-1]))
        mean = g.op("ReduceMean", square, last) if g.opset >= 18 else g.op("ReduceMean", square, axes=[-1])
        root = g.op("Sqrt", g.op("Add", mean, g.constant(np.float32(self.epsilon))))
        return g.op("Mul", g.op("Div", x, root), g.weight("weight"))

    def torch(self, x: Shape) -> str:
        return f"nn.RMSNorm({x[-1]}, eps={self.epsilon})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5,),))
        yield Example(cls(epsilon=1e-2), ((3, 4),))
