"""Two parts of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.along_axis import AlongAxis
from engine.problems import Change
from engine.spec import param


class Split(AlongAxis):
    """Cuts one axis in two: y gets its first values, rest the others.

    Formula: y = x[: n], rest = x[n :] along the axis.

    ONNX: Split. PyTorch: torch.split.

    Use it to send parts of a vector or an image different ways. Avoid it where only one part is needed: take Slice.
    """

    outputs: ClassVar[tuple[str, ...]] = ("y", "rest")
    first: int = param("How many values of the axis y gets.", default=1, min=1, max=1_000_000)

    def shape(self, x: Shape) -> tuple[Shape, Shape]:
        size = self.checked(x)
        if size < 2:
            raise ShapeError("Split cuts an axis in two, but this one has a single value. Choose another axis.")
        if self.first >= size:
            raise ShapeError(
                f"Split gives {self.first} of {size} values to y, which leaves none. Give it fewer.",
                Change("first", size - 1),
            )
        return self.resized(x, self.first), self.resized(x, size - self.first)

    def _parts(self, x: Array) -> tuple[Array, Array]:
        return x[self.along(slice(self.first))], x[self.along(slice(self.first, None))]

    @prepared
    def forward(self, x: Array, y: Array, rest: Array) -> Run:
        return in_turn(partial(np.copyto, out, part) for out, part in zip((y, rest), self._parts(x), strict=True))

    @prepared
    def backward(self, grad_y: Array, grad_rest: Array, grad_x: Array) -> Run:
        pairs = zip(self._parts(grad_x), (grad_y, grad_rest), strict=True)
        return in_turn(partial(np.copyto, part, grad) for part, grad in pairs)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        sizes = np.array([self.first, g.shape("x")[self.axis - 1] - self.first])
        return g.op("Split", x, g.constant(sizes), axis=self.axis, outputs=2)

    def torch(self, x: Shape) -> str:
        return f"torch.split(x, [{self.first}, {x[self.axis - 1] - self.first}], {self.axis})"

    def summary(self) -> str:
        return f"axis {self.axis} · {self.first}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(axis=2, first=2), ((3, 4),))
        yield Example(cls(first=2), ((3, 2, 3),))
