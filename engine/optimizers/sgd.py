"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant
from engine.optimizer import Optimizer, Update
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
        self.prepare(parameter=parameter, grad=grad, velocity=velocity, work=work)(rate, 1)

    def prepare(self, **vectors: Array) -> Update:
        size = np.array(0, vectors["work"].dtype)
        calls = tuple(self._calls(**vectors, size=size))

        def update(rate: float, step: int) -> None:
            size[()] = rate
            for call in calls:
                call()

        return update

    def _calls(self, parameter: Array, grad: Array, velocity: Array, work: Array, size: Array) -> Iterator[Run]:
        """Yield the calls of a move; `size` is the rate, as an array without axes."""
        momentum, decay = (constant(value, work.dtype) for value in (self.momentum, self.weight_decay))
        direction = velocity if self.momentum and not self.nesterov else grad
        if self.weight_decay:
            yield partial(np.multiply, parameter, decay, work)
            yield partial(np.add, grad, work, grad)
        if self.momentum:
            yield partial(np.multiply, velocity, momentum, velocity)
            yield partial(np.add, velocity, grad, velocity)
        if self.momentum and self.nesterov:
            yield partial(np.multiply, velocity, momentum, work)
            yield partial(np.add, grad, work, grad)
        yield partial(np.multiply, direction, size, work)
        yield partial(np.subtract, parameter, work, parameter)

    def torch(self) -> str:
        return (
            f"torch.optim.SGD(parameters, lr=rate, momentum={self.momentum}, weight_decay={self.weight_decay}, "
            f"nesterov={self.nesterov and self.momentum > 0})"
        )
