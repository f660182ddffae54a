"""The rate rises once and falls once."""

from __future__ import annotations

from math import cos, pi

from engine.schedule import Schedule
from engine.spec import param


def _between(start: float, end: float, done: float) -> float:
    """Return a value on half a cosine from start to end."""
    return end + (start - end) * (1 + cos(pi * min(done, 1.0))) / 2


class OneCycle(Schedule):
    """Lets the learning rate rise from a small start to its full value, then fall to almost nothing in the last epoch.

    Formula: factor = a + (b - a) (1 - cos(π s)) / 2 from a = start to b = 1, then from 1 to start · end.

    Allows a far larger rate than otherwise. Smith and Topin, 2018. PyTorch: torch.optim.lr_scheduler.OneCycleLR.

    Use it for fast training with a large rate. Avoid it where training may be stopped early: it is best at its very
    end.
    """

    warm_up: float = param(
        "Not used: the cycle has a rise of its own.", default=0.0, min=0.0, max=10_000.0, unit=" epochs", hidden=True
    )
    rise: float = param("Share of the training in which it rises.", default=0.3, min=0.01, max=0.99)
    start: float = param("The rate to begin with, as a share of the full one.", default=0.04, min=1e-6, max=1.0)
    end: float = param("The rate at the end, as a share of the start.", default=1e-4, min=0.0, max=1.0)

    def factor(self, epoch: float, epochs: int) -> float:
        return self.course(epoch, epochs)

    def course(self, epoch: float, epochs: float) -> float:
        top = self.rise * epochs
        if epoch < top:
            return _between(self.start, 1.0, epoch / top)
        return _between(1.0, self.start * self.end, (epoch - top) / (epochs - top) if epochs else 1.0)

    def torch(self, epochs: int) -> str:
        return self.torch_course(epochs)

    def torch_course(self, epochs: int) -> str:
        # PyTorch's last step is the one before total_steps.
        shape = f"pct_start={(self.rise * epochs + 1) / (epochs + 1)}, div_factor={1 / self.start}"
        if not self.end:
            shape += ", final_div_factor=float('inf')"
        else:
            shape += f", final_div_factor={1 / self.end}"
        return (
            f"torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps={epochs + 1}, {shape}, "
            "cycle_momentum=False)"
        )
