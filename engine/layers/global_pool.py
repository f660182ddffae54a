"""What poolings over all of a series, an image or a volume have in common."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.global_maximum import largest, largest_back
from engine.kernels.memory import channels_last, constant
from engine.kernels.reductions import filled
from engine.layer import OnnxGraph, Scratch
from engine.layers.sided import Sided


class GlobalPool(Sided, abstract=True):
    """A layer that makes one value of each channel."""

    category = "Pooling"

    @property
    def axes(self) -> tuple[int, ...]:
        """The sides of series (N, T, C), images (N, H, W, C) and volumes (N, D, H, W, C)."""
        return tuple(range(1, self.rank + 1))

    def shape(self, x: Shape) -> Shape:
        channels, _ = self.split(x)
        return (channels,)

    def in_onnx(self, g: OnnxGraph, kind: str, x: str) -> Any:
        """Return ONNX's pooling, or on series, whose steps are not where it wants them, its reduction."""
        if self.rank > 1:
            return g.op("Flatten", g.op(f"Global{kind}Pool", x), axis=1)
        reduction = {"Average": "ReduceMean", "Max": "ReduceMax"}[kind]
        if g.opset >= 18:
            return g.op(reduction, x, g.constant(np.array([1])), keepdims=0)
        return g.op(reduction, x, axes=[1], keepdims=0)

    def in_torch(self, method: str) -> str:
        """Return PyTorch's reduction."""
        return f"x.{method}({1 if self.rank == 1 else tuple(range(2, self.rank + 2))})"


class GlobalAverage(GlobalPool, abstract=True):
    """A layer that takes the mean of each channel."""

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"share": Scratch(self.shape(x))}

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        rows = channels_last(x).reshape(len(x), -1, y.shape[1])
        count = rows.shape[1]
        return partial(np.matmul, filled(count, 1 / count, x.dtype), rows, y)  # (P,) @ (N, P, C) -> (N, C)

    @prepared
    def backward(self, share: Array, grad_y: Array, grad_x: Array) -> Run:
        factor = constant(grad_y[0].size / grad_x[0].size, grad_y.dtype)
        spread = partial(np.copyto, channels_last(grad_x), np.expand_dims(share, self.axes))
        return in_turn((partial(np.multiply, grad_y, factor, share), spread))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "Average", x)

    def torch(self, x: Shape) -> str:
        return self.in_torch("mean")


class GlobalMax(GlobalPool, abstract=True):
    """A layer that takes the largest value of each channel; of equal values the first gets the gradient."""

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (channels,) = self.shape(x)
        hit = Scratch((prod(x) // channels, channels), dtype="bool")
        return {"place": Scratch((channels,), dtype="intp"), "hit": hit}

    @prepared
    def forward(self, x: Array, hit: Array, place: Array, y: Array) -> Run:
        return in_turn(largest(channels_last(x).reshape(len(x), -1, y.shape[1]), hit, place, y))

    @prepared
    def backward(self, place: Array, grad_y: Array, grad_x: Array) -> Run:
        return in_turn(largest_back(grad_y, place, channels_last(grad_x)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "Max", x)

    def torch(self, x: Shape) -> str:
        return self.in_torch("amax")
