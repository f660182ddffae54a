"""The rate falls along cosines, and jumps back up in between."""

from __future__ import annotations

from math import cos, pi

from engine.schedule import Schedule
from engine.spec import param


class CosineRestarts(Schedule):
    """Lets the learning rate fall along half a cosine again and again, each time from the top.

    Formula: factor = end + (1 - end) (1 + cos(π e / length)) / 2, where e counts from the last restart.

    Loshchilov and Hutter, 2017. PyTorch: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts. There the end is a rate,
    here a share of it.

    Use it in long trainings that get stuck, or to have several good states on the way. Avoid it in short trainings,
    which the restarts disturb.
    """

    first: int = param("How long the first fall takes.", default=10, min=1, max=1_000_000, unit=" epochs")
    longer: int = param("How many times longer each fall is than the one before.", default=1, min=1, max=10)
    end: float = param(
        "What is left of the rate at the end of a fall, as a share of it.", default=0.0, min=0.0, max=1.0
    )

    def course(self, epoch: float, epochs: float) -> float:
        length = float(self.first)
        if self.longer == 1:
            epoch %= length
        while epoch >= length:
            epoch -= length
            length *= self.longer
        return self.end + (1 - self.end) * (1 + cos(pi * epoch / length)) / 2

    def torch_course(self, epochs: int) -> str:
        course = f"{self.first}, T_mult={self.longer}, eta_min={self.end} * rate"
        return f"torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, {course})"
