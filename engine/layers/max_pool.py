"""What keeps the largest value of each window, along one, two or three sides."""

from __future__ import annotations

from typing import Any

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import pooling
from engine.kernels.memory import channels_last, samples_in_cache, shaped
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
        shape, calls = x.shape[1:], list[Run]()
        for image, room, pooled in samples_in_cache(channels_last(x), between, channels_last(y)):
            for axis, windows, source, out in self.steps(shape, image, room, pooled):
                calls += pooling.largest(source, axis, windows, out)
        return in_turn(calls)

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
        shape, calls = x.shape[1:], list[Run]()
        images = map(channels_last, (x, y, grad_x, grad_y))
        for image, pooled, out, grad, room, back_room in samples_in_cache(*images, between, back_between):
            values, grads = self.steps(shape, image, room, pooled), self.steps(shape, out, back_room, grad)
            for (axis, windows, source, value), (_, _, to, given) in zip(values[::-1], grads[::-1], strict=True):
                new, old, share = (shaped(work.reshape(-1), value.shape) for work in (hit, taken, part))
                calls += pooling.largest_back(source, value, axis, windows, new, old, share, given, to)
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "MaxPool", x)

    def torch(self, x: Shape) -> str:
        return self.in_torch("MaxPool")
