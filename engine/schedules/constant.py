"""The same rate throughout."""

from __future__ import annotations

from engine.schedule import Schedule


class Constant(Schedule):
    """Keeps the learning rate as it is.

    Formula: factor = 1.

    PyTorch: torch.optim.lr_scheduler.ConstantLR.

    Use it for first trials and short trainings. Avoid it for the best result: a rate that falls at the end nearly
    always helps.
    """

    def course(self, epoch: float, epochs: float) -> float:
        return 1.0

    def torch_course(self, epochs: int) -> str:
        return "torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)"
