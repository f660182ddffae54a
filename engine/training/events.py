"""What a training tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.graph import NodeId
from engine.training.history import Epoch


@dataclass(frozen=True)
class Began:
    """The first event: what lies ahead. `step` and `epoch` count what a checkpoint had already done."""

    epochs: int
    steps_per_epoch: int
    samples: int
    validation_samples: int
    parameters: int
    step: int = 0
    epoch: int = 0


@dataclass(frozen=True)
class Steps:
    """Some steps are done; `first` counts those before them. All tuples are of equal length."""

    first: int
    epoch: int  # epochs that are complete
    losses: tuple[float, ...]
    rates: tuple[float, ...]
    gradient_norms: tuple[float, ...]
    samples_per_second: float  # of late, with the validation between


@dataclass(frozen=True)
class Validating:
    """Some of the validation samples have been answered."""

    done: int
    samples: int


@dataclass(frozen=True)
class EpochDone:
    """An epoch is complete; `best` says whether none before had a lower validation loss."""

    epoch: Epoch
    best: bool


@dataclass(frozen=True)
class Checkpointed:
    """A checkpoint is on disk, or could not be written: then `trouble` says why, and training goes on."""

    step: int
    epoch: int
    trouble: str = ""


@dataclass(frozen=True)
class Diverged:
    """A loss or gradient was not a finite number any more: the last event. The step was not taken."""

    node: NodeId
    tensor: str
    step: int
    text: str


@dataclass(frozen=True)
class Ended:
    """All epochs are done, or (`early`) patience ran out: the last event."""

    early: bool
    best_epoch: int | None


Event = Began | Steps | Validating | EpochDone | Checkpointed | Diverged | Ended
