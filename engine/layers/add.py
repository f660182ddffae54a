"""The sum of branches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
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

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        (first, second, *others), out = (channels_last(one) for one in x), channels_last(y)
        calls = [partial(np.add, first, second, out)]
        return in_turn((*calls, *(partial(np.add, out, other, out) for other in others)))

    @prepared
    def backward(self, grad_y: Array, grad_x: tuple[Array | None, ...]) -> Run:
        source = channels_last(grad_y)
        return in_turn(partial(np.copyto, channels_last(grad), source) for grad in grad_x if grad is not None)

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
