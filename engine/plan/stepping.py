"""What makes a step of a gradient."""

from __future__ import annotations

from engine.optimizer import Optimizer
from engine.spec import Spec, param


class Stepping(Spec, abstract=True):
    """How a gradient becomes a step, and which weights answer; the same for all processes that share a training."""

    optimizer: Optimizer | None = param(
        "How a gradient becomes a step. Without one, nothing is ever moved.", default=None
    )
    clip_norm: float = param("Longest that a gradient may be. 0: any length.", default=0.0, min=0.0)
    clip_value: float = param("Largest that a number of a gradient may be. 0: any size.", default=0.0, min=0.0)
    average: float = param("Share of the moving average that each step keeps. 0: there is none.", default=0.0, min=0.0)

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the vectors that are kept from step to step besides the parameters."""
        return (*(self.optimizer.slots if self.optimizer else ()), *(("average",) if self.average else ()))

    @property
    def answers(self) -> str:
        """The slot with the weights that answer; "" where the parameters themselves do."""
        return next(iter(self.weights), "")

    @property
    def weights(self) -> tuple[str, ...]:
        """The slots that hold weights, and begin as the parameters do; the first one answers."""
        return (*(("average",) if self.average else ()), *(self.optimizer.weights if self.optimizer else ()))
