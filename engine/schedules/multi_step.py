"""The rate falls at chosen epochs."""

from __future__ import annotations

from engine.schedule import Schedule
from engine.spec import param


class MultiStep(Schedule):
    """Multiplies the learning rate by a fixed number at chosen epochs.

    Formula: factor = gamma^(number of milestones that are past).

    PyTorch: torch.optim.lr_scheduler.MultiStepLR.

    Use it to repeat published trainings, which fall at chosen epochs. Avoid it where nothing is known of the course:
    Cosine needs no milestones.
    """

    epochs: tuple[int, ...] = param(
        "After which epochs it falls.", default=(30, 60, 90), min=1, max=1_000_000, unit=" epochs"
    )
    gamma: float = param("What the rate is multiplied by at each of them.", default=0.1, min=1e-6, max=1.0)

    def course(self, epoch: float, epochs: float) -> float:
        return self.gamma ** sum(epoch >= step for step in self.epochs)

    def torch_course(self, epochs: int) -> str:
        return f"torch.optim.lr_scheduler.MultiStepLR(optimizer, {list(self.epochs)}, gamma={self.gamma})"
