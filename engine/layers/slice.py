"""A part of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.along_axis import AlongAxis
from engine.problems import Change
from engine.spec import param


class Slice(AlongAxis):
    """Keeps a part of one axis: the places start, start + step, … before stop.

    Formula: y[i] = x[start + i · step].

    ONNX: Slice. PyTorch: x[:, start:stop:step].

    Use it to look at a part of a series, of features or of channels. Avoid it to cut in two: Split keeps both parts.
    """

    start: int = param("The first place, counted from 0; -2 is the last but one.", default=0, min=-100_000, max=100_000)
    stop: int = param("The place before which it ends; 0: none.", default=0, min=-100_000, max=100_000)
    step: int = param("Take every how many-th place.", default=1, min=1, max=100_000)

    @property
    def _part(self) -> slice:
        return slice(self.start, self.stop or None, self.step)

    def shape(self, x: Shape) -> Shape:
        size = self.checked(x)
        count = len(range(*self._part.indices(size)))
        if not count:
            stop = f"{self.stop}" if self.stop else "the end"
            raise ShapeError(
                f"Slice keeps nothing from {self.start} to {stop} of an axis of {size}. Let it begin earlier or end later.",
                Change("stop" if self.start < size else "start", 0),
            )
        return self.resized(x, count)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x[self.along(self._part)])

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return in_turn((partial(grad_x.fill, 0), partial(np.copyto, grad_x[self.along(self._part)], grad_y)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        numbers = (self.start, self.stop or np.iinfo(np.int64).max, self.axis, self.step)
        return g.op("Slice", x, *(g.constant(np.array([number])) for number in numbers))

    def torch(self, x: Shape) -> str:
        return f"x[{':, ' * self.axis}{self.start}:{self.stop or ''}:{self.step}]"

    def summary(self) -> str:
        return f"axis {self.axis} · {self.start}:{self.stop or ''}" + (f":{self.step}" if self.step > 1 else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(start=1), ((4,),))
        yield Example(cls(axis=2, start=-3, stop=-1), ((3, 5),))
        yield Example(cls(axis=3, step=2), ((2, 3, 5),))
