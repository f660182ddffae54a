"""The same rate throughout."""

from __future__ import annotations

from engine.schedule import Schedule


class Constant(Schedule):
    """Keeps the learning rate as it is."""

    def factor(self, epoch: float, epochs: int) -> float:
        return 1.0
