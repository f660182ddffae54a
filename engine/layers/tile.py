"""A sample beside itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.problems import Change
from engine.spec import param


class Tile(Layer):
    """Repeats a sample along its axes, as tiles repeat a pattern.

    Formula: y[i] = x[i mod n].

    ONNX: Tile. PyTorch: repeat.

    Use it to repeat a pattern, or to bring a sample to the shape of another. Avoid it before Add and its like with an
    axis of size 1, which they repeat themselves.
    """

    category = "Shape and reduction"
    times: tuple[int, ...] = param("How often along each axis.", default=(2,), min=1, max=1024)

    def shape(self, x: Shape) -> Shape:
        if not x or len(self.times) != len(x):
            raise ShapeError(
                f"Tile needs a number for each axis of {describe(x)}, so {len(x)}, not {len(self.times)}. "
                "Change how often it repeats.",
                *([Change("times", (*self.times, 1, 1, 1, 1)[: len(x)])] if 0 < len(x) < 5 else []),
            )
        return tuple(n * times for n, times in zip(x, self.times, strict=True))

    def _tiles(self, whole: Array) -> Iterator[Array]:
        """Yield every copy of the sample within the larger array, the first one first."""
        sizes = [n // times for n, times in zip(whole.shape[1:], self.times, strict=True)]
        for place in product(*map(range, self.times)):
            yield whole[(slice(None), *(slice(i * n, (i + 1) * n) for i, n in zip(place, sizes, strict=True)))]

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return in_turn(partial(np.copyto, tile, x) for tile in self._tiles(y))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        first, *others = self._tiles(grad_y)
        return in_turn((partial(np.copyto, grad_x, first), *(partial(np.add, grad_x, tile, grad_x) for tile in others)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Tile", x, g.constant(np.array([1, *self.times])))

    def torch(self, x: Shape) -> str:
        return f"x.repeat{(1, *self.times)}"

    def summary(self) -> str:
        return describe(self.times)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3,),))
        yield Example(cls(times=(2, 3)), ((3, 2),))
        yield Example(cls(times=(1, 2, 2)), ((2, 3, 2),))
