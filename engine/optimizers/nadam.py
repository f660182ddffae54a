"""NAdam: Adam that looks ahead."""

from __future__ import annotations

from math import log, sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizers.adam import Adam
from engine.spec import param


class NAdam(Adam):
    """Adam with Nesterov's momentum: it takes the mean gradient as it will be after this step.

    Formula: as Adam, with m̂ = μ' m / (1 - Πμ') + (1 - μ) g / (1 - Πμ), where μ' is the μ of the next step.

    Dozat, 2016. PyTorch: torch.optim.NAdam.

    Use it in place of Adam, for a little more speed on smooth problems. Avoid it where Adam is already unsteady.
    """

    usual_rate: ClassVar[float] = 0.002
    momentum_decay: float = param(
        "How fast the momentum grows to its full size.", default=0.004, min=0.0, max=1.0, advanced=True
    )

    def _momentum(self, step: int | Array) -> float | Array:
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def _product(self, step: int) -> float:
        """Return the product of the momenta of all steps so far; it is 0 once it is too small to count."""
        if self.beta1 == 0 or step * log(self.beta1) < -50:
            return 0.0
        return float(np.prod(self._momentum(np.arange(1.0, step + 1))))

    def _move(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        np.multiply(grad, grad, out=work)
        square *= self.beta2
        square += work
        mean *= self.beta1
        mean += grad
        root = sqrt((1 - self.beta2) / (1 - self.beta2**step))
        now, ahead, product = float(self._momentum(step)), float(self._momentum(step + 1)), self._product(step)
        grad *= (1 - now) / (1 - product)
        np.multiply(mean, ahead * (1 - self.beta1) / (1 - product * ahead), out=work)
        grad += work
        np.sqrt(square, out=work)
        work += self.epsilon / root
        np.divide(grad, work, out=work)
        work *= rate / root
        parameter -= work

    def torch(self) -> str:
        call = super().torch().replace("optim.Adam(", "optim.NAdam(")
        return f"{call[:-1]}, momentum_decay={self.momentum_decay})"
