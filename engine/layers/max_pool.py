"""What keeps the largest value of each window, along one, two or three sides."""

from __future__ import annotations

from typing import Any

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import pooling
from engine.kernels.memory import channels_last, shaped
from engine.layer import OnnxGraph, Scratch
from engine.layers.pool import Pool


class MaxPool(Pool, abstract=True):
    """A pooling that keeps the largest value of each window; of equal values one gets the gradient."""

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        most = (self.largest(x),)
        flags = {"hit": Scratch(most, dtype="bool"), "taken": Scratch(most, dtype="bool")}
        return self.room(x) | flags | {"part": Scratch(most)}

    @prepared
    def forward(self, x: Array, between: Array, y: Array) -> Run:
        steps = self.steps(x.shape[1:], channels_last(x), between, channels_last(y))
        return in_turn(
            call for axis, windows, source, out in steps for call in pooling.largest(source, axis, windows, out)
        )

    @prepared
    def backward(
        self,
        x: Array,
        between: Array,
        y: Array,
        hit: Array,
        taken: Array,
        part: Array,
        back_between: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> Run:
        values = self.steps(x.shape[1:], channels_last(x), between, channels_last(y))
        grads = self.steps(x.shape[1:], channels_last(grad_x), back_between, channels_last(grad_y))
        calls: list[Run] = []
        for (axis, windows, source, value), (_, _, out, grad) in zip(reversed(values), reversed(grads), strict=True):
            new, old, share = (shaped(work.reshape(-1), value.shape) for work in (hit, taken, part))
            calls += pooling.largest_back(source, value, axis, windows, new, old, share, grad, out)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "MaxPool", x)

    def torch(self, x: Shape) -> str:
        return self.in_torch("MaxPool")
