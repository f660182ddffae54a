"""RAdam: Adam with a start that it works out by itself."""

from __future__ import annotations

from math import sqrt

import numpy as np

from engine.arrays import Array
from engine.optimizers.adam import Adam


class RAdam(Adam):
    """Adam that distrusts its mean squares while they rest on few steps, and so needs no warm-up.

    Formula: p -= rate r m̂ / √v̂ where r is known (ρ > 5), else p -= rate m̂.

    Liu et al., 2020. PyTorch: torch.optim.RAdam.

    Use it in place of Adam where the first steps go astray and no warm-up is wanted. Avoid it together with a warm-up,
    which does the same.
    """

    def _rectification(self, step: int) -> float:
        """Return the factor of a step by the mean squares; 0 where they rest on too few steps."""
        most = 2 / (1 - self.beta2) - 1
        power = self.beta2**step
        length = most - 2 * step * power / (1 - power)
        if length <= 5:
            return 0.0
        return sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))

    def _move(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        np.multiply(grad, grad, out=work)
        square *= self.beta2
        square += work
        mean *= self.beta1
        mean += grad
        factor, root = self._rectification(step), sqrt(1 - self.beta2)
        scale = rate * (1 - self.beta1) / (1 - self.beta1**step)
        if factor:
            np.sqrt(square, out=work)
            work += self.epsilon / root
            np.divide(mean, work, out=work)
            work *= scale * factor * sqrt(1 - self.beta2**step) / root
        else:
            np.multiply(mean, scale, out=work)
        parameter -= work

    def torch(self) -> str:
        return super().torch().replace("optim.Adam(", "optim.RAdam(")
