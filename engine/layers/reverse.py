"""A series from its end to its start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, OnnxGraph, Parts
from engine.layers.along_axis import AlongAxis
from engine.layers.moved_steps import TurnedSteps


class Reverse(AlongAxis):
    """Turns the order along an axis round: the last step of a series comes first.

    Formula: y[t] = x[n - 1 - t].

    ONNX: Gather. PyTorch: flip.

    Use it before a recurrent layer that should read from the end. Avoid it around a recurrent layer for both
    directions: Bidirectional does that.
    """

    def shape(self, x: Shape) -> Shape:
        self.checked(x)
        return x

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0] if self.axis == 1 else super().pass_mask(masks, own, *inputs)

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", *((TurnedSteps(), x, mask) if mask and self.axis == 1 else (self, x)))

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, np.flip(x, self.axis))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, np.flip(grad_y, self.axis))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        size = g.shape("x")[self.axis - 1]
        return g.op("Gather", x, g.constant(np.arange(size)[::-1].copy()), axis=self.axis)

    def torch(self, x: Shape) -> str:
        return f"x.flip({self.axis})"

    def summary(self) -> str:
        return f"axis {self.axis}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
        yield Example(cls(axis=3), ((2, 2, 3),))
