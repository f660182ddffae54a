"""The sum of branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.spec import param


class Add(Layer):
    """Adds branches of equal shape value by value, as the end of a residual block: y = x1 + x2 + ….

    ONNX: Sum. PyTorch: +.

    Use it at the end of a shortcut, so that a deep network learns only what is to be changed. Avoid it where the
    branches mean different things: Concatenate keeps them apart.
    """

    category = "Merge"
    apart = "value"
    in_place: ClassVar[bool] = True
    inputs: int = param("How many branches come in.", default=2, min=2, max=64)

    def shape(self, *x: Shape) -> Shape:
        for i, shape in enumerate(x[1:], 2):
            if shape != x[0]:
                raise ShapeError(
                    f"Add needs equal shapes, but x1 is {describe(x[0])} and x{i} is {describe(shape)}. "
                    "Bring them to one shape, or use Concatenate.",
                    port=f"x{i}",
                )
        return x[0]

    def forward(self, x: tuple[Array, ...], y: Array) -> None:
        out = channels_last(y)
        np.add(channels_last(x[0]), channels_last(x[1]), out=out)
        for other in x[2:]:
            np.add(out, channels_last(other), out=out)

    def backward(self, grad_y: Array, grad_x: tuple[Array | None, ...]) -> None:
        for grad in grad_x:
            if grad is not None:
                grad[...] = grad_y

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op("Sum", *x)

    def torch(self, *x: Shape) -> str:
        return " + ".join(self.ports())

    def summary(self) -> str:
        return f"{self.inputs} branches" if self.inputs > 2 else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (4,)))
        yield Example(cls(inputs=3), ((2, 3, 3),) * 3)
