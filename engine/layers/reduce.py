"""One value out of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.along_axis import AlongAxis
from engine.spec import param

IN_ONNX = {"sum": "Sum", "mean": "Mean", "max": "Max", "min": "Min", "norm": "L2", "log sum exp": "LogSumExp"}
IN_TORCH = {"sum": "x.sum", "mean": "x.mean", "max": "x.amax", "min": "x.amin", "log sum exp": "x.logsumexp"}


class Reduce(AlongAxis):
    """Makes one value out of all along an axis: their mean, sum, largest, smallest, length √Σx², or log Σ exp(x).

    Formula: y = reduction of x over one axis.

    Of several largest or smallest values each gets its share of the gradient. ONNX: ReduceMean, ReduceSum, ReduceMax,
    ReduceMin, ReduceL2, ReduceLogSumExp. PyTorch: mean, sum, amax, amin, torch.linalg.vector_norm, logsumexp.

    Use it for sums, means and extremes that no pooling names. Avoid it for the whole of an image or series: the global
    poolings say it more plainly.
    """

    operation: str = param("What is made of the values.", default="mean", choices=tuple(IN_ONNX))
    keep: bool = param("Keep the axis, with size 1.", default=False)

    def shape(self, x: Shape) -> Shape:
        self.checked(x)
        return self.resized(x, 1) if self.keep else (*x[: self.axis - 1], *x[self.axis :])

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row, whole = Scratch(self.resized(x, 1)), Scratch(x)
        if self.operation in ("max", "min"):
            return {"share": row}
        return {"norm": {"powers": whole}, "log sum exp": {"largest": row, "powers": whole}}.get(self.operation, {})

    def _kept(self, y: Array) -> Array:
        return y if self.keep else np.expand_dims(y, self.axis)

    def forward(self, x: Array, largest: Array | None, powers: Array | None, y: Array) -> None:
        out, axis = self._kept(y), self.axis
        if self.operation in ("max", "min"):
            (np.maximum if self.operation == "max" else np.minimum).reduce(x, axis=axis, keepdims=True, out=out)
        elif largest is not None and powers is not None:
            np.max(x, axis=axis, keepdims=True, out=largest)
            np.subtract(x, largest, out=powers)
            np.exp(powers, out=powers)
            np.sum(powers, axis=axis, keepdims=True, out=out)
            np.log(out, out=out)
            np.add(out, largest, out=out)
        elif powers is not None:
            np.multiply(x, x, out=powers)
            np.sum(powers, axis=axis, keepdims=True, out=out)
            np.sqrt(out, out=out)
        else:
            np.sum(x, axis=axis, keepdims=True, out=out)
            np.multiply(out, 1 / x.shape[axis] if self.operation == "mean" else 1, out=out)

    def backward(self, x: Array, y: Array, share: Array | None, grad_y: Array, grad_x: Array) -> None:
        grad, value = self._kept(grad_y), self._kept(y)
        if share is not None:
            np.equal(x, value, out=grad_x)
            np.sum(grad_x, axis=self.axis, keepdims=True, out=share)
            np.divide(grad, share, out=share)
            np.multiply(grad_x, share, out=grad_x)
        elif self.operation == "log sum exp":
            np.subtract(x, value, out=grad_x)
            np.exp(grad_x, out=grad_x)
            np.multiply(grad_x, grad, out=grad_x)
        elif self.operation == "norm":
            grad_x[...] = 0
            np.divide(x, value, out=grad_x, where=value > 0)
            np.multiply(grad_x, grad, out=grad_x)
        else:
            np.multiply(grad, 1 / x.shape[self.axis] if self.operation == "mean" else 1, out=grad_x)

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
