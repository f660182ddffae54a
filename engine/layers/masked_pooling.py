"""What the compiler puts in place of poolings of padded series: no boxes of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import steps
from engine.kernels.memory import bound, ones
from engine.layer import Layer, OnnxGraph, Scratch
from engine.layers.moved_steps import FLOAT, MaskedSteps, length, order, pick
from engine.spec import param


class MeanOfSteps(Layer, abstract=True):
    """The mean of every feature over all steps that are no padding; zeros where there are none."""

    category = "Pooling"

    def shape(self, x: Shape, mask: Shape) -> Shape:
        return x[1:]

    def scratch(self, x: Shape, mask: Shape) -> dict[str, Scratch]:
        return {"shares": Scratch(mask), "count": Scratch((1,))}

    @prepared
    def forward(self, x: Array, mask: Array, shares: Array, count: Array, y: Array) -> Run:
        calls = (
            partial(mask.dot, ones(mask.shape[1], mask.dtype), count[:, 0]),  # (N, T) @ (T,) -> (N,)
            partial(np.maximum, count, bound(1, count), out=count),
            partial(np.divide, mask, count, shares),
            partial(np.matmul, shares[:, None], x, y[:, None]),  # (1, T) @ (T, F) -> (1, F)
        )
        return in_turn(calls)

    @prepared
    def backward(self, shares: Array, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.multiply, shares[:, :, None], grad_y[:, None], grad_x)

    def onnx(self, g: OnnxGraph, x: str, mask: str) -> Any:
        shares = g.op("Div", mask, g.op("Max", length(g, mask), g.constant(np.float32(1))))
        axis = g.constant(np.array([1]))
        return g.op("Squeeze", g.op("MatMul", g.op("Unsqueeze", shares, axis), x), axis)


class FirstInPadding(MaskedSteps, abstract=True):
    """Writes the first step of a series over its padding, which leaves the largest value what it is."""

    def forward(self, x: Array, mask: Array, y: Array) -> None:
        first = np.argmax(mask, axis=1)[:, None]
        index = np.where(mask != 0, np.arange(mask.shape[1]), first)
        steps.move(x, index, np.broadcast_to(steps.lengths(mask) > 0, mask.shape), y)

    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> None:
        np.multiply(grad_y, mask[:, :, None], out=grad_x)
        some = steps.lengths(mask) > 0
        padding = np.matmul((1 - mask)[:, None], grad_y)[:, 0]  # (1, T) @ (T, F) -> (1, F)
        grad_x[np.arange(len(mask)), np.argmax(mask, axis=1)] += padding * some

    def onnx(self, g: OnnxGraph, x: str, mask: str) -> Any:
        start, end, axis = (g.constant(np.array([place])) for place in (0, 1, 1))
        first = pick(g, x, g.op("Slice", order(g, mask), start, end, axis))
        there = g.op("Cast", g.op("Unsqueeze", mask, g.constant(np.array([2]))), to=9)  # to bool
        some = g.op("Unsqueeze", g.op("Min", length(g, mask), g.constant(np.float32(1))), g.constant(np.array([2])))
        return g.op("Mul", g.op("Where", there, x, first), some)


class FewerSteps(Layer, abstract=True):
    """The mask of what windows make of a series whose steps are at its front.

    A window sees `reach` steps, `stride` steps lie between two; `added` steps of zeros stand before the first.
    """

    category = "Pooling"
    reach: int = param("How many steps a window sees.", default=1, min=1)
    stride: int = param("Steps between two windows.", default=1, min=1)
    added: int = param("Zeros before the first step.", default=0, min=0)

    def shape(self, mask: Shape) -> Shape:
        return (self._windows(mask[0]),)

    def _windows(self, count: Any) -> Any:
        return (count + self.added - self.reach) // self.stride + 1

    def forward(self, mask: Array, y: Array) -> None:
        count = steps.lengths(mask)
        np.less(np.arange(y.shape[1]), self._windows(count) * (count > 0), out=y, casting="unsafe")

    def backward(self) -> None:
        """Do nothing: a mask has no gradient."""

    def onnx(self, g: OnnxGraph, mask: str) -> Any:
        count = length(g, mask)
        ahead = g.op("Add", count, g.constant(np.float32(self.added - self.reach)))
        ahead = g.op("Div", ahead, g.constant(np.float32(self.stride)))
        windows = g.op("Add", g.op("Floor", ahead), g.constant(np.float32(1)))
        some = g.op("Mul", windows, g.op("Min", count, g.constant(np.float32(1))))
        return g.op("Cast", g.op("Less", g.constant(np.arange(*g.shape("y"), dtype=np.float32)), some), to=FLOAT)
