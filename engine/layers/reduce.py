"""One value out of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.reducing import REDUCTIONS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.along_axis import AlongAxis
from engine.spec import param

IN_ONNX = {
    "sum": "Sum",
    "mean": "Mean",
    "max": "Max",
    "min": "Min",
    "norm": "L2",
    "log sum exp": "LogSumExp",
    "product": "Prod",
    "absolute sum": "L1",
    "sum of squares": "SumSquare",
}
IN_TORCH = {
    "sum": "x.sum",
    "mean": "x.mean",
    "max": "x.amax",
    "min": "x.amin",
    "log sum exp": "x.logsumexp",
    "product": "x.prod",
    "absolute sum": "x.abs().sum",
    "sum of squares": "x.square().sum",
}


class Reduce(AlongAxis):
    """Makes one value out of all along an axis: their mean, sum, largest, smallest, product, length √Σx², or log Σ exp(x).

    Formula: y = reduction of x over one axis.

    Of several largest or smallest values each gets its share of the gradient. The absolute sum is Σ|x|. ONNX: ReduceMean,
    ReduceSum, ReduceMax, ReduceMin, ReduceProd, ReduceL2, ReduceLogSumExp, ReduceL1, ReduceSumSquare. PyTorch: mean, sum,
    amax, amin, prod, torch.linalg.vector_norm, logsumexp, abs, square.

    Use it for sums, means and extremes that no pooling names. Avoid it for the whole of an image or series: the global
    poolings say it more plainly.
    """

    operation: str = param("What is made of the values.", default="mean", choices=tuple(REDUCTIONS))
    keep: bool = param("Keep the axis, with size 1.", default=False)

    def shape(self, x: Shape) -> Shape:
        self.checked(x)
        return self.resized(x, 1) if self.keep else (*x[: self.axis - 1], *x[self.axis :])

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        how = REDUCTIONS[self.operation]
        row, work = {"row": Scratch(self.resized(x, 1))}, {"work": Scratch(x), "back_work": Scratch(x)}
        return (row if how.needs_row else {}) | (work if how.needs_work else {})

    def _kept(self, y: Array) -> Array:
        return y if self.keep else np.expand_dims(y, self.axis)

    @prepared
    def forward(self, x: Array, row: Array | None, work: Array | None, y: Array) -> Run:
        return in_turn(REDUCTIONS[self.operation].forward(x, self.axis, row, work, self._kept(y)))

    @prepared
    def backward(
        self, x: Array, y: Array, row: Array | None, back_work: Array | None, grad_y: Array, grad_x: Array
    ) -> Run:
        value, grad = self._kept(y), self._kept(grad_y)
        return in_turn(REDUCTIONS[self.operation].backward(x, value, self.axis, row, back_work, grad, grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        kind = "Reduce" + IN_ONNX[self.operation]
        if g.opset >= 18 or self.operation == "sum":
            return g.op(kind, x, g.constant(np.array([self.axis])), keepdims=int(self.keep))
        return g.op(kind, x, axes=[self.axis], keepdims=int(self.keep))

    def torch(self, x: Shape) -> str:
        if self.operation == "norm":
            return f"torch.linalg.vector_norm(x, dim={self.axis}, keepdim={self.keep})"
        return f"{IN_TORCH[self.operation]}({self.axis}, keepdim={self.keep})"

    def summary(self) -> str:
        return f"{self.operation} · axis {self.axis}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4),))
        yield Example(cls(operation="sum", keep=True), ((3, 4),))
        yield Example(cls(operation="max", axis=2), ((2, 3, 3),))
        yield Example(cls(operation="min", keep=True), ((4,),))
        yield Example(cls(operation="norm", axis=3), ((2, 3, 4),))
        yield Example(cls(operation="log sum exp", keep=True), ((3, 2, 2),))
        yield Example(cls(operation="product", axis=2), ((2, 3, 3),))
        yield Example(cls(operation="absolute sum"), ((3, 2),))
        yield Example(cls(operation="sum of squares", axis=2, keep=True), ((3, 4),))
