"""The rate falls in steps."""

from __future__ import annotations

from engine.schedule import Schedule
from engine.spec import param


class Step(Schedule):
    """Multiplies the learning rate by a fixed number every few epochs.

    Formula: factor = gamma^⌊epoch / every⌋.

    PyTorch: torch.optim.lr_scheduler.StepLR.

    Use it where the loss stands still after some epochs, again and again. Avoid it where a smooth course is wanted:
    Exponential or Cosine.
    """

    every: int = param("How many epochs lie between two steps.", default=10, min=1, max=1_000_000, unit=" epochs")
    gamma: float = param("What the rate is multiplied by at each step.", default=0.1, min=1e-6, max=1.0)

    def course(self, epoch: float, epochs: float) -> float:
        return self.gamma ** int(epoch // self.every)

    def torch_course(self, epochs: int) -> str:
        return f"torch.optim.lr_scheduler.StepLR(optimizer, {self.every}, gamma={self.gamma})"
