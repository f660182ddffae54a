"""AMSGrad: Adam whose steps never grow again."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizers.adam import Adam


class AMSGrad(Adam):
    """Adam that divides by the root of the largest mean square so far, so that rare large gradients are not forgotten.

    Formula: m = β1 m + (1 - β1) g; v = β2 v + (1 - β2) g²; u = max(u, v); p -= rate m̂ / (√û + ε).

    Reddi, Kale and Kumar, 2018. PyTorch: torch.optim.Adam with amsgrad.

    Use it where Adam does not settle. Avoid it as a first choice: Adam usually comes as far.
    """

    slots: ClassVar[tuple[str, ...]] = ("mean", "square", "largest")

    def update(  # type: ignore[override]  # arrays arrive by name
        self,
        parameter: Array,
        grad: Array,
        mean: Array,
        square: Array,
        largest: Array,
        work: Array,
        rate: float,
        step: int,
    ) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work
        np.multiply(grad, grad, out=work)
        square *= self.beta2
        square += work
        mean *= self.beta1
        mean += grad
        np.maximum(largest, square, out=largest)
        root = sqrt((1 - self.beta2) / (1 - self.beta2**step))
        np.sqrt(largest, out=work)
        work += self.epsilon / root
        np.divide(mean, work, out=work)
        work *= rate * (1 - self.beta1) / (1 - self.beta1**step) / root
        parameter -= work

    def torch(self) -> str:
        return f"{super().torch()[:-1]}, amsgrad=True)"
