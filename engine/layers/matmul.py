"""The matrix product of two branches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.spec import param


class MatMul(Layer):
    """Multiplies two matrices of each sample: y = x1 x2, or x1 x2ᵀ.

    A series counts as a matrix (steps × features). With `turn` every step of x1 meets every step of x2, as in attention.
    ONNX: MatMul. PyTorch: torch.matmul.

    Use it to build attention of your own, or to mix steps by a learned matrix. Avoid it for a product with fixed
    weights: that is Dense.
    """

    category = "Merge"
    turn: bool = param("Turn the second matrix: columns become rows.", default=False)

    def shape(self, x1: Shape, x2: Shape) -> Shape:
        for port, shape in (("x1", x1), ("x2", x2)):
            if len(shape) != 2:
                raise ShapeError(f"MatMul takes matrices or series, not {describe(shape)}.", port=port)
        inner, outer = x2[::-1] if self.turn else x2
        if x1[1] != inner:
            word = "columns" if self.turn else "rows"
            raise ShapeError(
                f"MatMul needs as many {word} in x2 as x1 has columns, "
                f"but x1 is {describe(x1)} and x2 is {describe(x2)}. Bring them to one size, or turn the second.",
                port="x2",
            )
        return (x1[0], outer)

    @prepared
    def forward(self, x1: Array, x2: Array, y: Array) -> Run:
        return partial(np.matmul, x1, x2.swapaxes(1, 2) if self.turn else x2, y)  # (N, A, B) @ (N, B, C) -> (N, A, C)

    @prepared
    def backward(self, x1: Array, x2: Array, grad_y: Array, grad_x1: Array | None, grad_x2: Array | None) -> Run:
        calls: list[Run] = []
        if grad_x1 is not None:  # (N, A, C) @ (N, C, B) -> (N, A, B)
            calls.append(partial(np.matmul, grad_y, x2 if self.turn else x2.swapaxes(1, 2), grad_x1))
        if grad_x2 is not None:
            first, second = (grad_y, x1) if self.turn else (x1, grad_y)
            calls.append(partial(np.matmul, first.swapaxes(1, 2), second, grad_x2))
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x1: str, x2: str) -> Any:
        return g.op("MatMul", x1, g.op("Transpose", x2, perm=[0, 2, 1]) if self.turn else x2)

    def torch(self, x1: Shape, x2: Shape) -> str:
        return f"torch.matmul(x1, x2{'.transpose(1, 2)' if self.turn else ''})"

    def multiply_adds(self, x1: Shape, x2: Shape) -> int:
        return x1[0] * x2[0] * x2[1]

    def summary(self) -> str:
        return "second turned" if self.turn else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2), (2, 4)))
        yield Example(cls(turn=True), ((3, 2), (3, 2)))
