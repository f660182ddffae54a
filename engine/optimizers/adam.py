"""Adam: adaptive moments."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer, Update
from engine.spec import param


class Adam(Optimizer):
    """Moves each parameter by its mean gradient over the root of its mean square. A good first choice.

    Formula: m = β1 m + (1 - β1) g; v = β2 v + (1 - β2) g²; p -= rate m̂ / (√v̂ + ε), where m̂ = m / (1 - β1^t) and v̂
    = v / (1 - β2^t).

    Kingma and Ba, 2015. PyTorch: torch.optim.Adam.

    Use it first, for nearly every network. Avoid it where weight decay matters: AdamW; where the last tenth of
    accuracy on images matters: SGD.
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
        self._decay(parameter, grad, work)
        self._move(parameter, grad, mean, square, work, rate, step)

    def _decay(self, parameter: Array, grad: Array, work: Array) -> None:
        if self.weight_decay:
            np.multiply(parameter, self.weight_decay, out=work)
            grad += work

    def _move(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        self._mover(parameter, grad, mean, square, work)(rate, step)

    def prepare(self, **vectors: Array) -> Update:
        if type(self).update is not Adam.update or type(self)._move is not Adam._move:
            return super().prepare(**vectors)  # a relative, which moves in another way
        move = self._mover(**vectors)

        def update(rate: float, step: int) -> None:
            self._decay(vectors["parameter"], vectors["grad"], vectors["work"])
            move(rate, step)

        return update if self.weight_decay else move

    def _mover(self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array) -> Update:
        # The slots hold the moments over (1 - beta), which saves two passes over memory; that factor and the corrections
        # of both biases are folded into two numbers.
        beta1, beta2, shift, factor = (np.array(value, work.dtype) for value in (self.beta1, self.beta2, 0, 0))

        def move(rate: float, step: int) -> None:
            root = sqrt((1 - self.beta2) / (1 - self.beta2**step))
            shift[()] = self.epsilon / root
            factor[()] = rate * (1 - self.beta1) / (1 - self.beta1**step) / root
            np.multiply(grad, grad, work)
            np.multiply(square, beta2, square)
            np.add(square, work, square)
            np.multiply(mean, beta1, mean)
            np.add(mean, grad, mean)
            np.sqrt(square, work)
            np.add(work, shift, work)
            np.divide(mean, work, work)
            np.multiply(work, factor, work)
            np.subtract(parameter, work, parameter)

        return move

    def torch(self) -> str:
        return (
            f"torch.optim.Adam(parameters, lr=rate, betas=({self.beta1}, {self.beta2}), "
            f"eps={self.epsilon}, weight_decay={self.weight_decay})"
        )
