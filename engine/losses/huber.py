"""The loss of regression that outliers do not pull away."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import clip
from engine.kernels.memory import constant
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

    @prepared
    def forward(self, x: Array, target: Array, difference: Array, clipped: Array, losses: Array) -> Run:
        rows, twice = (array.reshape(len(x), -1) for array in (clipped, difference))
        calls: list[Run] = [
            partial(np.subtract, x, target, difference),
            *clip(difference, -self.delta, self.delta, clipped),
        ]
        # Both branches are c (d - c / 2), where c is d clipped to ±δ.
        calls.append(partial(np.multiply, difference, constant(2, x.dtype), difference))
        calls.append(partial(np.subtract, difference, clipped, difference))
        calls.append(partial(np.vecdot, rows, twice, losses))  # (N, D) . (N, D) -> (N,)
        return in_turn((*calls, partial(np.divide, losses, constant(2 * rows.shape[1], x.dtype), losses)))

    @prepared
    def backward(self, clipped: Array, scale: float, grad_x: Array) -> Run:
        return partial(np.multiply, clipped, constant(scale / clipped[0].size, clipped.dtype), grad_x)

    def torch(self) -> str:
        return f"nn.HuberLoss(delta={self.delta})"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (1,)
        yield cls(delta=0.3), (2, 3)
