"""The loss of masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.curves import sigmoid
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
        return {"p": Scratch(x), "work": Scratch(x), "overlap": Scratch(()), "total": Scratch(())}

    def forward(self, x: Array, target: Array, p: Array, overlap: Array, total: Array, losses: Array) -> None:
        sigmoid(x, p)
        mask, truth = p.reshape(len(x), -1), target.reshape(len(x), -1)
        np.vecdot(mask, truth, out=overlap)
        overlap *= 2
        overlap += self.smooth
        np.sum(mask, axis=1, out=total)
        total += truth.sum(axis=1)
        total += self.smooth
        np.divide(overlap, total, out=losses)
        np.subtract(1, losses, out=losses)

    def backward(
        self, target: Array, p: Array, work: Array, overlap: Array, total: Array, scale: float, grad_x: Array
    ) -> None:
        # The slope of a sample in p is overlap / total² - 2 t / total, that of p in x is p (1 - p).
        each = (-1,) + (1,) * (p.ndim - 1)
        np.multiply(target, (-2 * scale / total).reshape(each), out=grad_x)
        np.add(grad_x, (scale * overlap / total / total).reshape(each), out=grad_x)
        np.subtract(1, p, out=work)
        np.multiply(work, p, out=work)
        np.multiply(grad_x, work, out=grad_x)

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
