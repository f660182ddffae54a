"""Adagrad: gradients over the root of their sum of squares."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class Adagrad(Optimizer):
    """Moves each parameter by its gradient over the root of the sum of all its squares, so ever less.

    Formula: s = s + g²; p -= rate g / (√s + ε).

    Suits sparse data, where some parameters are rarely needed. Wants a rate of about 0.01. Duchi, Hazan and Singer, 2011.
    PyTorch: torch.optim.Adagrad.

    Use it on sparse data: words, clicks. Avoid it for long trainings, for its steps only shrink.
    """

    usual_rate: ClassVar[float] = 0.01
    slots: ClassVar[tuple[str, ...]] = ("total",)
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    epsilon: float = param(
        "Added to the root, so as not to divide by zero.", default=1e-10, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(self, parameter: Array, grad: Array, total: Array, work: Array, rate: float) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        np.multiply(grad, grad, out=work)
        total += work
        np.sqrt(total, out=work)
        work += self.epsilon
        np.divide(grad, work, out=work)
        work *= rate
        parameter -= work

    def torch(self) -> str:
        return f"torch.optim.Adagrad(parameters, lr=rate, eps={self.epsilon}, weight_decay={self.weight_decay})"
