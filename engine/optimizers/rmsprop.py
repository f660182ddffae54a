"""RMSprop: gradients over the root of their mean square."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class RMSprop(Optimizer):
    """Divides each gradient by the root of its mean square: s = a s + (1 - a) g²; parameter -= rate g / (√s + ε).

    Often used for recurrent networks. Tieleman and Hinton, 2012. PyTorch: torch.optim.RMSprop.

    Use it for recurrent networks, and where Adam's momentum harms. Avoid it as a first choice: Adam adds what it
    lacks.
    """

    slots: ClassVar[tuple[str, ...]] = ("square", "velocity")
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    alpha: float = param("How slowly the mean square changes.", default=0.99, min=0.0, max=0.999999, advanced=True)
    epsilon: float = param(
        "Added to the root, so as not to divide by zero.", default=1e-8, min=1e-16, max=1.0, advanced=True
    )
    momentum: float = param("Share of the last move that is kept. 0: none.", default=0.0, min=0.0, max=0.9999)
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(self, parameter: Array, grad: Array, square: Array, velocity: Array, work: Array, rate: float) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        # The slot holds the mean square over (1 - alpha), which saves a pass over memory.
        root = sqrt(1 - self.alpha)
        self._divide(grad, square, work, self.epsilon / root)
        if self.momentum:
            velocity *= self.momentum
            velocity += grad
            grad = velocity
        np.multiply(grad, rate / root, out=work)
        parameter -= work

    def _divide(self, grad: Array, square: Array, work: Array, epsilon: float) -> None:
        np.multiply(grad, grad, out=work)
        square *= self.alpha
        square += work
        np.sqrt(square, out=work)
        work += epsilon
        grad /= work

    def torch(self) -> str:
        return (
            f"torch.optim.RMSprop(parameters, lr=rate, alpha={self.alpha}, eps={self.epsilon}, "
            f"weight_decay={self.weight_decay}, momentum={self.momentum})"
        )
