"""The rate falls by the same share in every epoch."""

from __future__ import annotations

from engine.schedule import Schedule
from engine.spec import param


class Exponential(Schedule):
    """Multiplies the learning rate by a fixed number in every epoch, evenly over its steps.

    Formula: factor = gamma^epoch.

    PyTorch: torch.optim.lr_scheduler.ExponentialLR.

    Use it where the rate should fall steadily, however long training takes. Avoid it in long trainings with a small
    gamma, whose rate is soon nothing.
    """

    gamma: float = param("What is left of the rate after one epoch, as a share of it.", default=0.95, min=1e-6, max=1.0)

    def course(self, epoch: float, epochs: float) -> float:
        return float(self.gamma**epoch)

    def torch_course(self, epochs: int) -> str:
        return f"torch.optim.lr_scheduler.ExponentialLR(optimizer, {self.gamma})"
