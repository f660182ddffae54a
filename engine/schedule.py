"""The contract of schedules: how the learning rate changes while a network trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine.spec import Spec, param


class Schedule(Spec, family=True):
    """Gives the factor by which the learning rate is multiplied. Every schedule may begin with a warm-up.

    During the warm-up the factor rises in a straight line from `START`; a schedule's own course begins after it.
    """

    START: ClassVar[float] = 0.01
    warm_up: float = param(
        "How long the rate rises to its full value at the start. 0: not at all.",
        default=0.0,
        min=0.0,
        max=10_000.0,
        unit=" epochs",
        advanced=True,
    )

    def factor(self, epoch: float, epochs: int) -> float:
        """Return the factor after `epoch` epochs (2.5: in the middle of the third) of the `epochs` that are planned."""
        if epoch < self.warm_up:
            return self.START + (1 - self.START) * epoch / self.warm_up
        return self.course(epoch - self.warm_up, max(epochs - self.warm_up, 0.0))

    def course(self, epoch: float, epochs: float) -> float:
        """Return the factor after `epoch` of `epochs` epochs, both counted from the end of the warm-up."""
        raise NotImplementedError

    def told(self, results: Sequence[float]) -> float:
        """Return the further factor that results call for: the loss of each epoch so far, of validation where there is one."""
        return 1.0

    def torch(self, epochs: int) -> str:
        """Return PyTorch's expression for a scheduler of `optimizer`, stepped after each epoch; "" where there is none."""
        start = round(self.warm_up)
        after = self.torch_course(max(epochs - start, 1))
        if not start:
            return after
        rise = f"torch.optim.lr_scheduler.LinearLR(optimizer, {self.START}, total_iters={start})"
        return f"torch.optim.lr_scheduler.SequentialLR(optimizer, [{rise}, {after}], milestones=[{start}])"

    def torch_course(self, epochs: int) -> str:
        """Return PyTorch's expression for the course after the warm-up."""
        raise NotImplementedError
