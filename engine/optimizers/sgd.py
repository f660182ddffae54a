"""Stochastic gradient descent."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class SGD(Optimizer):
    """Moves each parameter straight against its gradient, with momentum: v = m v + g; parameter -= rate v.

    Needs a larger rate than Adam, about 0.01 to 0.1. Polyak, 1964; Nesterov, 1983. PyTorch: torch.optim.SGD.

    Use it on images, with momentum and a falling rate, for the best final accuracy. Avoid it where no time is left to
    tune the rate: Adam forgives more.
    """

    usual_rate: ClassVar[float] = 0.01
    slots: ClassVar[tuple[str, ...]] = ("velocity",)
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    momentum: float = param("Share of the last move that is kept. 0: none.", default=0.9, min=0.0, max=0.9999)
    nesterov: bool = param(
        "Look ahead: take the gradient where the momentum leads to. Needs momentum.", default=False, advanced=True
    )
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(self, parameter: Array, grad: Array, velocity: Array, work: Array, rate: float) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        np.multiply(self._direction(grad, velocity, work), rate, out=work)
        parameter -= work

    def _direction(self, grad: Array, velocity: Array, work: Array) -> Array:
        if not self.momentum:
            return grad
        velocity *= self.momentum
        velocity += grad
        if not self.nesterov:
            return velocity
        np.multiply(velocity, self.momentum, out=work)
        grad += work
        return grad

    def torch(self) -> str:
        return (
            f"torch.optim.SGD(parameters, lr=rate, momentum={self.momentum}, weight_decay={self.weight_decay}, "
            f"nesterov={self.nesterov and self.momentum > 0})"
        )
