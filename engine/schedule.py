"""The contract of schedules: how the learning rate changes while a network trains."""

from __future__ import annotations

from engine.spec import Spec


class Schedule(Spec, family=True):
    """Gives the factor by which the learning rate is multiplied."""

    def factor(self, epoch: float, epochs: int) -> float:
        """Return the factor after `epoch` epochs (2.5: in the middle of the third) of the `epochs` that are planned."""
        raise NotImplementedError
