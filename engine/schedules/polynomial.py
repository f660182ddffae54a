"""The rate falls along a power of what is left."""

from __future__ import annotations

from engine.schedule import Schedule
from engine.spec import param


class Polynomial(Schedule):
    """Lets the learning rate fall to zero as (1 - epoch / epochs) ** power; power 1 is a straight line.

    Formula: factor = (1 - epoch / epochs)^power.

    PyTorch: torch.optim.lr_scheduler.PolynomialLR.

    Use it for fine tuning and transformers, with power 1. Avoid it where training may be prolonged: its end would come
    too early.
    """

    power: float = param("1: straight; larger: fast at first, then slowly.", default=1.0, min=0.1, max=10.0)

    def course(self, epoch: float, epochs: float) -> float:
        left = max(1 - epoch / epochs, 0.0) if epochs else 0.0
        return float(left**self.power)

    def torch_course(self, epochs: int) -> str:
        return f"torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters={epochs}, power={self.power})"
