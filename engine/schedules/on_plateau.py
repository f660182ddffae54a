"""A learning rate that falls when the results no longer get better."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from engine.schedule import Schedule
from engine.spec import param


class OnPlateau(Schedule):
    """Multiplies the rate by gamma whenever the validation loss has not got better for some epochs.

    Formula: factor = gamma · factor, after patience epochs without a better loss.

    Without validation samples it goes by the training loss. PyTorch: torch.optim.lr_scheduler.ReduceLROnPlateau.

    Use it where nothing is known of the course: it waits until learning stands still. Avoid it with few validation
    samples, whose loss jumps by chance.
    """

    gamma: float = param("What the rate is multiplied by.", default=0.1, min=0.01, max=0.99)
    patience: int = param("How many epochs without a better result are let pass.", default=5, min=0, max=10_000)
    threshold: float = param(
        "By which share a result must be lower to count as better.", default=1e-4, min=0.0, max=1.0, advanced=True
    )
    rest: int = param(
        "How many epochs are not judged after the rate has fallen.", default=0, min=0, max=10_000, advanced=True
    )
    least: float = param(
        "Share of the full rate below which it never falls.", default=0.0, min=0.0, max=1.0, advanced=True
    )

    def told(self, results: Sequence[float]) -> float:
        factor, best, bad, resting = 1.0, inf, 0, 0
        for result in results:
            better = result < best * (1 - self.threshold)
            best = result if better else best
            bad = 0 if better or resting else bad + 1
            if resting:
                resting -= 1
            elif bad > self.patience:
                factor, bad, resting = max(factor * self.gamma, self.least), 0, self.rest
        return factor

    def course(self, epoch: float, epochs: float) -> float:
        return 1.0

    def torch(self, epochs: int) -> str:
        return "" if self.warm_up else self.torch_course(epochs)  # SequentialLR takes none that is told results

    def torch_course(self, epochs: int) -> str:
        return (
            f"torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor={self.gamma}, patience={self.patience}, "
            f"threshold={self.threshold}, cooldown={self.rest}, min_lr={self.least} * rate, eps=0)"
        )
