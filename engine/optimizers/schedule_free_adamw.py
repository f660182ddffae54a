"""Schedule-free AdamW: an average of all steps in place of a falling rate."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class ScheduleFreeAdamW(Optimizer):
    """AdamW that needs no falling rate: it answers with an average of all steps, and learns a little ahead of it.

    Formula: z -= r (g / (√v + ε) + decay · y); x += c (z - x); y = (1 - β1) z + β1 x.

    Three sets of weights: z moves, x is the average of all z that answers, y = (1 - beta1) z + beta1 x is where
    gradients are taken; r = rate · √(1 - beta2ᵗ) and c = r² / Σ r². It wants a constant schedule, if with a warm-up.
    Defazio et al., 2024, algorithm 1. PyTorch: none.

    Use it where it is not known how long training will take. Avoid it with a schedule that falls, which it replaces.
    """

    slots: ClassVar[tuple[str, ...]] = ("x", "z", "square", "total")
    scratch: ClassVar[tuple[str, ...]] = ("work",)
    weights: ClassVar[tuple[str, ...]] = ("x", "z")
    beta1: float = param(
        "How near to the average gradients are taken.", default=0.9, min=0.0, max=0.9999, advanced=True
    )
    beta2: float = param("How slowly the mean square changes.", default=0.999, min=0.0, max=0.999999, advanced=True)
    epsilon: float = param(
        "Added to the root, so as not to divide by zero.", default=1e-8, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param(
        "Share of every parameter that is taken away in each step, times the rate.", default=0.01, min=0.0, max=1.0
    )

    def update(
        self,
        parameter: Array,
        grad: Array,
        x: Array,
        z: Array,
        square: Array,
        total: Array,
        work: Array,
        rate: float,
        step: int,
    ) -> None:
        rate *= sqrt(1 - self.beta2**step)
        np.multiply(grad, grad, out=work)
        np.subtract(work, square, out=work)
        np.multiply(work, 1 - self.beta2, out=work)
        np.add(square, work, out=square)
        np.sqrt(square, out=work)
        np.add(work, self.epsilon, out=work)
        np.divide(grad, work, out=grad)
        np.multiply(parameter, self.weight_decay, out=work)
        np.add(grad, work, out=grad)
        np.multiply(grad, rate, out=grad)
        np.subtract(z, grad, out=z)
        np.add(total, rate * rate, out=total)  # the same everywhere; a vector, so that it is kept as all else is
        np.subtract(z, x, out=work)
        np.multiply(work, rate * rate / (total.item(0) or 1.0) if total.size else 0.0, out=work)
        np.add(x, work, out=x)
        np.subtract(x, z, out=parameter)
        np.multiply(parameter, self.beta1, out=parameter)
        np.add(parameter, z, out=parameter)

    def torch(self) -> str:
        return ""
