"""Lion: steps of one size."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class Lion(Optimizer):
    """Moves every parameter by the rate, against the sign of a mean of its gradients. Keeps one vector only.

    Formula: c = β1 m + (1 - β1) g; p -= rate (sign(c) + decay p); m = β2 m + (1 - β2) g.

    Wants a rate three to ten times smaller than Adam. Chen et al., 2023. PyTorch: none.

    Use it on large networks and batches, where memory is short. Avoid it with small batches, whose signs are mostly
    noise.
    """

    usual_rate: ClassVar[float] = 1e-4
    slots: ClassVar[tuple[str, ...]] = ("mean",)
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    beta1: float = param(
        "Share of the mean in the direction of a step.", default=0.9, min=0.0, max=0.9999, advanced=True
    )
    beta2: float = param("How slowly the mean gradient changes.", default=0.99, min=0.0, max=0.999999, advanced=True)
    weight_decay: float = param(
        "Share of every parameter that is taken away in each step, times the rate.", default=0.0, min=0.0, max=1.0
    )

    def update(self, parameter: Array, grad: Array, mean: Array, work: Array, rate: float) -> None:
        parameter *= 1 - rate * self.weight_decay
        np.subtract(mean, grad, out=work)
        work *= self.beta1
        work += grad
        np.sign(work, out=work)
        work *= rate
        parameter -= work
        mean -= grad
        mean *= self.beta2
        mean += grad

    def torch(self) -> str:
        return ""  # PyTorch has none
