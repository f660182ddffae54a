"""The loss of regression that outliers do not pull away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Scratch
from engine.loss import Loss
from engine.spec import param


class Huber(Loss):
    """Squared near the target, straight far from it: d² / 2 where |d| ≤ δ, else δ (|d| - δ / 2), with d = x - target.

    Choose it where some targets are far off or wrong. Huber, 1964. PyTorch: nn.HuberLoss.

    Use it for numbers, where some targets are far off or wrong. Avoid it where large errors are what matters most:
    MeanSquaredError.
    """

    delta: float = param(
        "The error at which the curve becomes straight, in units of the target.", default=1.0, min=1e-6, max=1e6
    )

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"difference": Scratch(x), "clipped": Scratch(x)}

    def forward(self, x: Array, target: Array, difference: Array, clipped: Array, losses: Array) -> None:
        np.subtract(x, target, out=difference)
        np.clip(difference, -self.delta, self.delta, out=clipped)
        # Both branches are c (d - c / 2), where c is d clipped to ±δ.
        difference *= 2
        difference -= clipped
        rows = clipped.reshape(len(x), -1)
        np.vecdot(rows, difference.reshape(rows.shape), out=losses)  # (N, D) . (N, D) -> (N,)
        losses /= 2 * rows.shape[1]

    def backward(self, clipped: Array, scale: float, grad_x: Array) -> None:
        np.multiply(clipped, scale / clipped[0].size, out=grad_x)

    def torch(self) -> str:
        return f"nn.HuberLoss(delta={self.delta})"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(delta=0.3), (2, 3)
