"""Branches along a new axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.layers.along_axis import along
from engine.problems import Change
from engine.spec import param


class Stack(Layer):
    """Puts branches of equal shape along a new axis: vectors become the steps of a series.

    Formula: y[i] = x of branch i.

    ONNX: Unsqueeze and Concat. PyTorch: torch.stack.

    Use it to make a series out of vectors, before attention or a recurrent layer. Avoid it where the branches should
    simply lie side by side: Concatenate.
    """

    category = "Shape and reduction"
    inputs: int = param("How many branches come in.", default=2, min=2, max=64)
    axis: int = param("Where the new axis stands, counted from 1.", default=1, min=1, max=8)

    def shape(self, *x: Shape) -> Shape:
        for i, shape in enumerate(x[1:], 2):
            if shape != x[0]:
                raise ShapeError(
                    f"Stack needs equal shapes, but x1 is {describe(x[0])} and x{i} is {describe(shape)}. "
                    "Bring them to one shape.",
                    port=f"x{i}",
                )
        if self.axis > len(x[0]) + 1:
            last = len(x[0]) + 1
            text = f"Stack cannot put axis {self.axis} behind {describe(x[0])}. Choose an axis up to {last}."
            raise ShapeError(text, Change("axis", last))
        return (*x[0][: self.axis - 1], len(x), *x[0][self.axis - 1 :])

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        return in_turn(partial(np.copyto, y[along(self.axis, place)], source) for place, source in enumerate(x))

    @prepared
    def backward(self, grad_y: Array, grad_x: tuple[Array | None, ...]) -> Run:
        parts = ((grad, grad_y[along(self.axis, place)]) for place, grad in enumerate(grad_x) if grad is not None)
        return in_turn(partial(np.copyto, grad, part) for grad, part in parts)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        axis = g.constant(np.array([self.axis]))
        return g.op("Concat", *(g.op("Unsqueeze", value, axis) for value in x), axis=self.axis)

    def torch(self, *x: Shape) -> str:
        return f"torch.stack(({', '.join(self.ports())}), {self.axis})"

    def summary(self) -> str:
        return f"{self.inputs} branches"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (4,)))
        yield Example(cls(inputs=3, axis=3), ((2, 3),) * 3)
