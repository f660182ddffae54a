"""Adam: adaptive moments."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class Adam(Optimizer):
    """Moves each parameter by its mean gradient over the root of its mean square. A good first choice.

    Kingma and Ba, 2015. PyTorch: torch.optim.Adam.
    """

    slots: ClassVar[tuple[str, ...]] = ("mean", "square")
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    beta1: float = param("How slowly the mean gradient changes.", default=0.9, min=0.0, max=0.9999, advanced=True)
    beta2: float = param("How slowly the mean square changes.", default=0.999, min=0.0, max=0.999999, advanced=True)
    epsilon: float = param(
        "Added to the root, so as not to divide by zero.", default=1e-8, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        self._moments(grad, mean, square, work)
        self._move(parameter, mean, square, work, rate, step)

    def _moments(self, grad: Array, mean: Array, square: Array, work: Array) -> None:
        np.multiply(grad, grad, out=work)
        work *= 1 - self.beta2
        square *= self.beta2
        square += work
        grad *= 1 - self.beta1
        mean *= self.beta1
        mean += grad

    def _move(self, parameter: Array, mean: Array, square: Array, work: Array, rate: float, step: int) -> None:
        # The bias corrections of both moments, folded into two numbers.
        root = sqrt(1 - self.beta2**step)
        np.sqrt(square, out=work)
        work += self.epsilon * root
        np.divide(mean, work, out=work)
        work *= rate * root / (1 - self.beta1**step)
        parameter -= work

    def torch(self) -> str:
        return (
            f"torch.optim.Adam(parameters, lr=rate, betas=({self.beta1}, {self.beta2}), "
            f"eps={self.epsilon}, weight_decay={self.weight_decay})"
        )
