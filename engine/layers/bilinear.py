"""Products of every value of one vector with every value of another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.broadcast import adding
from engine.kernels.products import product
from engine.kernels.reductions import row_sums
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.problems import Insert
from engine.spec import param

STORED = (1, 0, 2)  # weights lie in memory as the matrix (I, U·J) that the product wants


def _matrix(weight: Array) -> Array:
    """Return weights (U, I, J) as the matrix (I, U·J): a view, where they are stored so."""
    return weight.transpose(STORED).reshape(weight.shape[1], -1)


class Bilinear(Layer):
    """Joins two vectors by weighing each product of their values: y[u] = Σ x1[i] · weight[u, i, j] · x2[j] + b[u].

    ONNX: MatMul. PyTorch: nn.Bilinear.

    Use it to ask how two different things fit together: a user and a film, a question and an answer. Avoid it with
    wide inputs, for it has a weight for every pair of values: a Dense behind Concatenate is far smaller.
    """

    category = "Dense"
    units: int = param("How many output values.", default=32, min=1, max=65_536)
    use_bias: bool = param("Add a learned constant to every unit.", default=True)
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x1: Shape, x2: Shape) -> Shape:
        for port, x in (("x1", x1), ("x2", x2)):
            if len(x) != 1:
                fixes = (Insert("Flatten"),) if x else ()
                advice = " Put a Flatten before it." if x else ""
                raise ShapeError(f"Bilinear takes two vectors, but {port} is {describe(x)}.{advice}", *fixes, port=port)
        return (self.units,)

    def weights(self, x1: Shape, x2: Shape) -> dict[str, Weight]:
        fan_in = x1[0] * x2[0]
        shape = (self.units, x1[0], x2[0])
        weight = Weight(shape, self.initializer, fan_in=fan_in, fan_out=self.units, memory=STORED, units=0)
        return {"weight": weight} | ({"bias": Weight((self.units,))} if self.use_bias else {})

    def scratch(self, x1: Shape, x2: Shape) -> dict[str, Scratch]:
        products = Scratch((self.units, x2[0]))
        return {"products": products, "back": products, "total": Scratch((x1[0], self.units * x2[0]), batched=False)}

    @prepared
    def forward(self, x1: Array, x2: Array, weight: Array, bias: Array | None, products: Array, y: Array) -> Run:
        calls = [product(x1, _matrix(weight), products.reshape(len(x1), -1))]  # (N, I) @ (I, U·J) -> (N, U·J)
        calls.append(partial(np.vecdot, products, x2[:, None], y))  # (U, J) . (J,) -> (U,)
        return in_turn(calls if bias is None else (*calls, adding(bias, y)))

    @prepared
    def backward(
        self,
        x1: Array,
        x2: Array,
        weight: Array,
        products: Array,
        back: Array,
        total: Array,
        grad_y: Array,
        grad_x1: Array | None,
        grad_x2: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        calls, rows = [] if grad_bias is None else [row_sums(grad_y, grad_bias)], back.reshape(len(x1), -1)
        if grad_x2 is not None:
            calls.append(partial(np.matmul, grad_y[:, None], products, grad_x2[:, None]))  # (1, U) @ (U, J) -> (1, J)
        calls.append(partial(np.multiply, grad_y[..., None], x2[:, None], back))
        calls.append(product(x1.T, rows, total))  # (I, N) @ (N, U·J) -> (I, U·J)
        each = total.reshape(x1.shape[1], self.units, -1)
        calls.append(partial(np.copyto, grad_weight.transpose(STORED), each))
        if grad_x1 is not None:
            calls.append(product(rows, _matrix(weight).T, grad_x1))  # (N, U·J) @ (U·J, I) -> (N, I)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        matrix = np.ascontiguousarray(_matrix(g.weight_array("weight")))
        (width,), last = g.shape("x2"), g.constant(np.array([2]))
        products = g.op("Reshape", g.op("MatMul", x1, g.constant(matrix)), g.constant(np.array([0, self.units, width])))
        y = g.op("Squeeze", g.op("MatMul", products, g.op("Unsqueeze", x2, last)), last)
        return g.op("Add", y, g.weight("bias")) if self.use_bias else y

    def torch(self, x1: Shape, x2: Shape) -> str:
        return f"nn.Bilinear({x1[0]}, {x2[0]}, {self.units}, bias={self.use_bias})"

    def summary(self) -> str:
        return f"{self.units} units"

    def multiply_adds(self, x1: Shape, x2: Shape) -> int:
        return self.units * x2[0] * (x1[0] + 1)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=2), ((3,), (4,)))
        yield Example(cls(units=3, use_bias=False), ((2,), (2,)))
