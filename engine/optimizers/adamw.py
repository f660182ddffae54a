"""AdamW: Adam with weight decay that stands by itself."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.optimizer import Update
from engine.optimizers.adam import Adam
from engine.spec import param


class AdamW(Adam):
    """Adam whose weight decay acts on each parameter itself, not through its gradient, and so equally on all.

    Loshchilov and Hutter, 2019. PyTorch: torch.optim.AdamW.
    """

    weight_decay: float = param(
        "Share of every parameter that is taken away in each step, times the rate.", default=0.01, min=0.0, max=1.0
    )

    def prepare(self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array) -> Update:
        move = self._mover(parameter, grad, mean, square, work)

        def update(rate: float, step: int) -> None:
            np.multiply(parameter, 1 - rate * self.weight_decay, parameter)
            move(rate, step)

        return update

    def torch(self) -> str:
        return super().torch().replace("optim.Adam(", "optim.AdamW(")
