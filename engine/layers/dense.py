"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.broadcast import adding
from engine.kernels.memory import joined, ones, rectangles
from engine.kernels.products import product, summed
from engine.layer import Example, Layer, OnnxGraph, ShapeError, Weight
from engine.problems import Insert
from engine.spec import param


class Dense(Layer):
    """Every output unit sees every input value: y = x Wᵀ + b.

    On a series it works on each step by itself. ONNX: Gemm, or MatMul and Add. PyTorch: nn.Linear.

    Use it on tables, and at the end of nearly every network. Avoid it as the first layer on large images: a Conv2D
    needs far fewer weights.
    """

    category = "Dense"
    straight = "weighs"
    apart = "step"
    skips_frozen = True
    units: int = param("How many output values.", default=32, min=1, max=65_536)
    use_bias: bool = param("Add a learned constant to every output value.", default=True)
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2):
            raise ShapeError(
                f"Dense takes a flat vector, not {describe(x)}. Put a Flatten before it.", Insert("Flatten")
            )
        return (*x[:-1], self.units)

    def weights(self, x: Shape) -> dict[str, Weight]:
        shape = (self.units, x[-1])
        weight = Weight(shape, self.initializer, fan_in=x[-1], fan_out=self.units, memory=(1, 0), units=0)
        return {"weight": weight} | ({"bias": Weight((self.units,))} if self.use_bias else {})

    @prepared
    def forward(self, x: Array, augmented_x: Array | None, weight: Array, bias: Array | None, y: Array) -> Run:
        rows, matrix, row = _operands(x, augmented_x, weight, bias)
        out = y.reshape(-1, y.shape[-1])
        multiply = product(rows, matrix, out)  # (N, I) @ (I, U) -> (N, U)
        return multiply if row is None else in_turn((multiply, adding(row, out)))

    @prepared
    def backward(
        self,
        x: Array,
        augmented_x: Array | None,
        weight: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array | None,
        grad_bias: Array | None,
    ) -> Run:
        grad = grad_y.reshape(-1, grad_y.shape[-1])
        calls: list[Run] = []
        if grad_weight is not None:
            rows, matrix, grad_bias = _operands(x, augmented_x, grad_weight, grad_bias)
            calls += summed(rows.T, grad, matrix)  # (I, N) @ (N, U) -> (I, U)
        if grad_bias is not None:
            calls.append(partial(ones(len(grad), grad.dtype).dot, grad, grad_bias))  # (N,) @ (N, U) -> (U,)
        if grad_x is not None:
            calls.append(product(grad, weight, grad_x.reshape(-1, x.shape[-1])))  # (N, U) @ (U, I) -> (N, I)
        return in_turn(calls)

    @prepared
    def gradient_part(self, x: Array, grad_y: Array, part: slice, out: Array) -> Run:
        """Write values `part` of the gradient of the weight, which lies in memory as (I, U), into `out`, flat."""
        rows, grad, done = x.reshape(-1, x.shape[-1]).T, grad_y.reshape(-1, grad_y.shape[-1]), 0
        calls: list[Run] = []
        for height, width in rectangles(part, grad.shape[1]):
            a, b = rows[height], grad[:, width]
            target = out[done : (done := done + len(a) * b.shape[1])]
            calls.append(product(a, b, target.reshape(len(a), -1)))  # (i, N) @ (N, u) -> (i, u)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if len(g.shape("x")) == 1:
            bias = [g.weight("bias")] if self.use_bias else []
            return g.op("Gemm", x, g.weight("weight"), *bias, transB=1)
        y = g.op("MatMul", x, g.constant(g.weight_array("weight").T))
        return g.op("Add", y, g.weight("bias")) if self.use_bias else y

    def torch(self, x: Shape) -> str:
        return f"nn.Linear({x[-1]}, {self.units}, bias={self.use_bias})"

    def summary(self) -> str:
        return f"{self.units} units"

    def multiply_adds(self, x: Shape) -> int:
        steps = x[0] if len(x) == 2 else 1
        return steps * x[-1] * self.units

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((5,),))
        yield Example(cls(units=3, use_bias=False), ((5,),))
        yield Example(cls(units=4), ((3, 5),))


def _operands(
    x: Array, augmented_x: Array | None, weight: Array, bias: Array | None
) -> tuple[Array, Array, Array | None]:
    """Return what is to be multiplied, (N, I) and (I, U), and the row that is then to be added, if any.

    Behind ones the bias is one more row of the matrix, where it lies there in memory.
    """
    both = None if augmented_x is None else joined(weight.T, bias)
    if augmented_x is None or both is None:
        return x.reshape(-1, x.shape[-1]), weight.T, bias
    return augmented_x, both, None
