"""Normalisation by the root mean square."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.normalisation import normalising, normalising_back
from engine.kernels.reductions import block_values
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
        each, width = Scratch(x[:-1]), x[-1]
        work, rows = (Scratch(shape, batched=False) for shape in ((block_values(width),), (2, width)))
        return {"normal": Scratch(x), "spread": each, "mean": each, "work": work, "rows": rows}

    @prepared
    def forward(self, x: Array, weight: Array, normal: Array, spread: Array, y: Array) -> Run:
        (source, z, out), s = (a.reshape(-1, weight.size) for a in (x, normal, y)), spread.reshape(-1)
        return in_turn(normalising(source, weight, None, self.epsilon, z, s, s, out))

    @prepared
    def backward(
        self,
        weight: Array,
        normal: Array,
        spread: Array,
        mean: Array,
        work: Array,
        rows: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
    ) -> Run:
        z, grad = (a.reshape(-1, weight.size) for a in (normal, grad_y))
        out = None if grad_x is None else grad_x.reshape(grad.shape)
        s, m = spread.reshape(-1), mean.reshape(-1)
        return in_turn(normalising_back(weight, z, s, grad, m, work, rows, grad_weight, None, out))

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
