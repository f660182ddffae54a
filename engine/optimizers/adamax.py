"""Adamax: Adam by the largest gradient."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class Adamax(Optimizer):
    """Moves each parameter by its mean gradient over the largest one of late.

    Formula: m = β1 m + (1 - β1) g; u = max(β2 u, |g|); p -= rate m / ((1 - β1^t) (u + ε)).

    Steadier than Adam where gradients jump. Wants about 0.002. Kingma and Ba, 2015. PyTorch: torch.optim.Adamax.

    Use it where gradients jump, as with embeddings. Avoid it as a first choice: Adam is better known.
    """

    usual_rate: ClassVar[float] = 0.002
    slots: ClassVar[tuple[str, ...]] = ("mean", "largest")
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    beta1: float = param("How slowly the mean gradient changes.", default=0.9, min=0.0, max=0.9999, advanced=True)
    beta2: float = param("How slowly the largest one fades.", default=0.999, min=0.0, max=0.999999, advanced=True)
    epsilon: float = param(
        "Added to the size of gradients, so as not to divide by zero.", default=1e-8, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param(
        "Pull of every parameter towards zero, added to its gradient.", default=0.0, min=0.0, max=1.0
    )

    def update(
        self, parameter: Array, grad: Array, mean: Array, largest: Array, work: Array, rate: float, step: int
    ) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        # The mean is kept over (1 - beta1), which saves a pass over memory.
        mean *= self.beta1
        mean += grad
        largest *= self.beta2
        np.abs(grad, out=grad)
        grad += self.epsilon
        np.maximum(largest, grad, out=largest)
        np.divide(mean, largest, out=work)
        work *= rate * (1 - self.beta1) / (1 - self.beta1**step)
        parameter -= work

    def torch(self) -> str:
        return (
            f"torch.optim.Adamax(parameters, lr=rate, betas=({self.beta1}, {self.beta2}), "
            f"eps={self.epsilon}, weight_decay={self.weight_decay})"
        )
