"""What a project says about its training."""

from __future__ import annotations

from engine.optimizer import Optimizer
from engine.optimizers.adam import Adam
from engine.plan.stepping import Stepping
from engine.schedule import Schedule
from engine.schedules.constant import Constant
from engine.spec import Spec, param


class TrainingSettings(Spec, abstract=True):
    """How a network is trained."""

    epochs: int = param("How often every training sample is seen.", default=20, min=1, max=1_000_000)
    batch: int = param("How many samples make one step.", default=32, min=1, max=65_536)
    rate: float = param("The learning rate: how far one step moves.", default=1e-3, min=1e-9, max=100.0)
    optimizer: Optimizer = param("How a gradient becomes a step.", default=Adam())
    schedule: Schedule = param("How the learning rate changes while training.", default=Constant())
    clip_norm: float = param(
        "Shorten a gradient that is longer than this, all weights taken together, to this length. 0: never.",
        default=0.0,
        zero="Never",
        min=0.0,
        max=1e6,
        advanced=True,
    )
    clip_value: float = param(
        "Cut every number of a gradient to at most this size, after its length. 0: never.",
        default=0.0,
        zero="Never",
        min=0.0,
        max=1e6,
        advanced=True,
    )
    average: float = param(
        "Answer with a moving average of the weights, of which each step keeps this share. 0: with the weights themselves.",
        default=0.0,
        zero="None",
        min=0.0,
        max=0.999999,
        advanced=True,
    )
    patience: int = param(
        "Stop after this many epochs in which the validation loss did not get better. 0: never.",
        default=0,
        zero="Never",
        min=0,
        max=100_000,
    )
    keep_best: bool = param("Keep the weights of the epoch with the lowest validation loss.", default=True)
    shuffle: bool = param("See the samples in another order in every epoch.", default=True)
    seed: int = param("Same seed, same settings, same machine: the same losses.", default=0, min=0, max=2**31 - 1)
    workers: int = param(
        "How many processes share the work; losses depend on it in their last digits. 0: as many as are fastest.",
        default=0,
        zero="Automatic",
        min=0,
        max=64,
    )

    @property
    def stepping(self) -> Stepping:
        """What makes a step of a gradient."""
        return Stepping(
            optimizer=self.optimizer, clip_norm=self.clip_norm, clip_value=self.clip_value, average=self.average
        )
