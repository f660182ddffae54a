"""Adadelta: steps as large as earlier steps were."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class Adadelta(Optimizer):
    """Moves each parameter by its gradient, times the root mean square of its moves over that of its gradients.

    Formula: s = ρ s + (1 - ρ) g²; d = g √(u + ε) / √(s + ε); u = ρ u + (1 - ρ) d²; p -= rate d.

    The rate is then a plain factor: begin with 1. Zeiler, 2012. PyTorch: torch.optim.Adadelta.

    Use it where no rate should have to be chosen. Avoid it where training is short: it starts slowly.
    """

    usual_rate: ClassVar[float] = 1.0
    slots: ClassVar[tuple[str, ...]] = ("square", "moved")
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    rho: float = param("How slowly both mean squares change.", default=0.9, min=0.0, max=0.9999, advanced=True)
    epsilon: float = param(
        "Added to both mean squares; it starts the movement.", default=1e-6, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(self, parameter: Array, grad: Array, square: Array, moved: Array, work: Array, rate: float) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        self._follow(square, grad, work)
        np.add(moved, self.epsilon, out=work)
        np.sqrt(work, out=work)
        grad *= work
        np.add(square, self.epsilon, out=work)
        np.sqrt(work, out=work)
        grad /= work
        self._follow(moved, grad, work)
        np.multiply(grad, rate, out=work)
        parameter -= work

    def _follow(self, mean: Array, value: Array, work: Array) -> None:
        """Move a running mean towards the square of a value."""
        mean *= self.rho
        np.multiply(value, value, out=work)
        work *= 1 - self.rho
        mean += work

    def torch(self) -> str:
        return (
            f"torch.optim.Adadelta(parameters, lr=rate, rho={self.rho}, eps={self.epsilon}, "
            f"weight_decay={self.weight_decay})"
        )
