"""The same rate throughout."""

from __future__ import annotations

from engine.schedule import Schedule


class Constant(Schedule):
    """Keeps the learning rate as it is. PyTorch: torch.optim.lr_scheduler.ConstantLR."""

    def course(self, epoch: float, epochs: float) -> float:
        return 1.0

    def torch_course(self, epochs: int) -> str:
        return "torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)"
