"""The loss of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.curves import sigmoid
from engine.kernels.reductions import mean_of_samples
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target
from engine.spec import param


class Contrastive(Loss):
    """Brings pairs that belong together near to each other, and keeps others a margin m apart.

    Formula: t x² / 2 + (1 - t) max(0, m - x)² / 2, with the distance x of a pair.

    Formula: t x² / 2 + (1 - t) max(0, m - x)² / 2.

    What comes in is the distance of two embeddings: a Subtract and a Reduce to the norm, which keeps its axis. The answer
    is the sigmoid of m / 2 - x, which tells the side but is no probability. Hadsell, Chopra and LeCun, 2006. PyTorch:
    from relu.

    Use it where the data says of pairs whether they are alike: signatures, faces, duplicates. Avoid it where classes are
    known: take Triplet.
    """

    target: ClassVar[Target] = "binary"
    margin: float = param("How far apart pairs must be that do not belong together.", default=1.0, min=1e-6, max=1e6)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"near": Scratch(x), "short": Scratch(x), "each": Scratch(x)}

    def forward(self, x: Array, target: Array, near: Array, short: Array, each: Array, losses: Array) -> None:
        np.multiply(x, target, out=near)  # what a yes is from 0
        np.subtract(self.margin, x, out=short)
        np.maximum(short, 0, out=short)
        np.subtract(1, target, out=each)
        np.multiply(short, each, out=short)  # what a no is short of the margin
        np.multiply(short, short, out=each)
        mean_of_samples(each, out=losses)
        np.multiply(near, near, out=each)
        losses += each.reshape(len(x), -1).mean(axis=1)
        losses *= 0.5

    def backward(self, near: Array, short: Array, scale: float, grad_x: Array) -> None:
        np.subtract(near, short, out=grad_x)
        np.multiply(grad_x, scale / near[0].size, out=grad_x)

    def answer(self, x: Array) -> Array:
        out: Array = self.margin / 2 - x
        sigmoid(out, out)
        return out

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", g.op("Sub", g.constant(np.float32(self.margin / 2)), x))

    def torch(self) -> str:
        apart = f"(1 - target) * nn.functional.relu({self.margin} - x).square()"
        return f"lambda x, target: (target * x.square() + {apart}).mean() / 2"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(margin=0.4), (2, 3)
