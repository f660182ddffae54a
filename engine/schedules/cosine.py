"""The rate falls along half a cosine."""

from __future__ import annotations

from math import cos, pi

from engine.schedule import Schedule
from engine.spec import param


class Cosine(Schedule):
    """Lets the learning rate fall slowly, fast, slowly, as half a cosine, to its end in the last epoch.

    Formula: factor = end + (1 - end) (1 + cos(π epoch / epochs)) / 2.

    Loshchilov and Hutter, 2017. PyTorch: torch.optim.lr_scheduler.CosineAnnealingLR. There the end is a rate, here a
    share of it.

    Use it where the number of epochs is known: the first choice. Avoid it where training may be prolonged: its end
    would come too early.
    """

    end: float = param("What is left of the rate at the end, as a share of it.", default=0.0, min=0.0, max=1.0)

    def course(self, epoch: float, epochs: float) -> float:
        done = min(epoch / epochs, 1.0) if epochs else 1.0
        return self.end + (1 - self.end) * (1 + cos(pi * done)) / 2

    def torch_course(self, epochs: int) -> str:
        return f"torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, {epochs}, eta_min={self.end} * rate)"
