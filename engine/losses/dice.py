"""The loss of masks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid, sigmoid_calls
from engine.kernels.memory import constant, ones
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target
from engine.spec import param


class Dice(Loss):
    """How little a mask overlaps with the true one: 1 - (2 Σ p t + s) / (Σ p + Σ t + s), where p = sigmoid(x).

    It does not care how large the background is, as cross entropy does. Takes logits. Milletari, Navab and Ahmadi, 2016.
    PyTorch: from sums.

    Use it for masks, where what is looked for covers few pixels. Avoid it for single answers, where it has nothing to
    overlap.
    """

    target: ClassVar[Target] = "binary"
    smooth: float = param("The s of the formula: keeps empty masks in bounds.", default=1.0, min=1e-6, max=1e6)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        names = ("overlap", "total", "truth", "slope", "offset")
        return {"p": Scratch(x), "work": Scratch(x), **dict.fromkeys(names, Scratch(()))}

    @prepared
    def forward(
        self, x: Array, target: Array, p: Array, overlap: Array, total: Array, truth: Array, losses: Array
    ) -> Run:
        mask, true = p.reshape(len(x), -1), target.reshape(len(x), -1)
        smooth, one, every = constant(self.smooth, x.dtype), constant(1, x.dtype), ones(mask.shape[1], x.dtype)
        calls = (
            partial(np.vecdot, mask, true, overlap),  # (N, D) . (N, D) -> (N,)
            partial(np.multiply, overlap, constant(2, x.dtype), overlap),
            partial(np.add, overlap, smooth, overlap),
            partial(mask.dot, every, total),  # (N, D) @ (D,) -> (N,)
            partial(true.dot, every, truth),
            partial(np.add, total, truth, total),
            partial(np.add, total, smooth, total),
            partial(np.divide, overlap, total, losses),
            partial(np.subtract, one, losses, losses),
        )
        return in_turn((*sigmoid_calls(x, p), *calls))

    @prepared
    def backward(
        self,
        target: Array,
        p: Array,
        work: Array,
        overlap: Array,
        total: Array,
        slope: Array,
        offset: Array,
        scale: float,
        grad_x: Array,
    ) -> Run:
        # The slope of a sample in p is overlap / total² - 2 t / total, that of p in x is p (1 - p).
        by, more = (values.reshape(-1, *(1,) * (p.ndim - 1)) for values in (slope, offset))
        calls = (
            partial(np.divide, constant(-2 * scale, p.dtype), total, slope),
            partial(np.divide, overlap, total, offset),
            partial(np.multiply, offset, slope, offset),
            partial(np.multiply, offset, constant(-0.5, p.dtype), offset),
            partial(np.multiply, target, by, grad_x),
            partial(np.add, grad_x, more, grad_x),
            partial(np.subtract, constant(1, p.dtype), p, work),
            partial(np.multiply, work, p, work),
            partial(np.multiply, grad_x, work, grad_x),
        )
        return in_turn(calls)

    def answer(self, x: Array) -> Array:
        out = np.empty_like(x)
        sigmoid(x, out)
        return out

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self) -> str:
        sums = f"(2 * (p * t).sum(1) + {self.smooth}) / (p.sum(1) + t.sum(1) + {self.smooth})"
        return f"lambda x, target: (lambda p, t: (1 - {sums}).mean())(x.sigmoid().flatten(1), target.flatten(1))"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (4,)
        yield cls(smooth=0.1), (2, 3, 3)
