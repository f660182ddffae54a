"""The loss of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid
from engine.kernels.memory import bound, constant
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss, Target
from engine.spec import param


class Contrastive(Loss):
    """Brings pairs that belong together near to each other, and keeps others a margin m apart.

    Formula: t x² / 2 + (1 - t) max(0, m - x)² / 2, with the distance x of a pair.

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

    @prepared
    def forward(self, x: Array, target: Array, near: Array, short: Array, each: Array, losses: Array) -> Run:
        calls = (
            partial(np.multiply, x, target, near),  # what a yes is from 0
            partial(np.subtract, constant(self.margin, x.dtype), x, short),
            partial(np.maximum, short, bound(0, short), out=short),
            partial(np.subtract, constant(1, x.dtype), target, each),
            partial(np.multiply, short, each, short),  # what a no is short of the margin
            partial(np.add, near, short, each),  # one of both is 0
        )
        rows = each.reshape(len(x), -1)
        squares = partial(np.vecdot, rows, rows, losses)  # (N, D) . (N, D) -> (N,)
        return in_turn((*calls, squares, partial(np.divide, losses, constant(2 * rows.shape[1], x.dtype), losses)))

    @prepared
    def backward(self, near: Array, short: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / near[0].size, near.dtype)
        return in_turn((partial(np.subtract, near, short, grad_x), partial(np.multiply, grad_x, share, grad_x)))

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
