"""The curves of a training: every step's loss, and how each epoch went."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from math import inf, isfinite
from typing import Any, Self

import numpy as np

from engine.arrays import Array
from engine.graph import NodeId

Scores = Mapping[
    NodeId, Mapping[str, float | None]
]  # of each Output, by the metric's name; None where it is not defined

HIDDEN = 0.1  # of an accuracy that comes of frequent classes alone


@dataclass(frozen=True)
class Epoch:
    """How one epoch went.

    `loss` and `metrics` were gathered while the weights moved, with dropout and the like at work; the `validation_` ones
    come from the weights as they were at its end, or their moving average, and are None and empty without such samples. No
    loss counts the L1 and L2 of weights.
    """

    number: int  # from 1
    step: int  # steps done at its end, from the first epoch on
    rate: float  # learning rate of its last step
    loss: float
    metrics: Scores = field(default_factory=dict)
    validation_loss: float | None = None
    validation_metrics: Scores = field(default_factory=dict)
    seconds: float = 0.0
    samples_per_second: float = 0.0


@dataclass(frozen=True, eq=False)
class History:
    """What a training recorded; one entry of `losses`, `rates` and `gradient_norms` (float64) for every step."""

    losses: Array = field(default_factory=lambda: np.zeros(0))
    rates: Array = field(default_factory=lambda: np.zeros(0))
    gradient_norms: Array = field(default_factory=lambda: np.zeros(0))
    epochs: tuple[Epoch, ...] = ()

    @property
    def best(self) -> Epoch | None:
        """The first epoch with the lowest validation loss; None before one is done or without validation."""
        return min(filter(_scored, self.epochs), key=_validation_loss, default=None)

    @property
    def seconds(self) -> float:
        """How long all epochs took together."""
        return sum(epoch.seconds for epoch in self.epochs)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, exact to the last bit. Rates are written as [rate, how many steps]."""
        return {
            "losses": self.losses.tolist(),
            "gradient_norms": self.gradient_norms.tolist(),
            "rates": [[rate, len(list(same))] for rate, same in groupby(self.rates.tolist())],
            "epochs": [asdict(epoch) for epoch in self.epochs],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Build what `to_dict` described. Raises KeyError, TypeError or ValueError where `raw` is no such thing."""
        rates, counts = zip(*raw["rates"], strict=True) if raw["rates"] else ((), ())
        return cls(
            losses=_series(raw["losses"]),
            rates=_series(np.repeat(_series(rates), counts) if counts else ()),
            gradient_norms=_series(raw["gradient_norms"]),
            epochs=tuple(Epoch(**epoch) for epoch in raw["epochs"]),
        )


def telling_scores(scores: Scores) -> list[tuple[str, float]]:
    """Return the first metric of the first Output; beside an accuracy, the balanced one where lost classes hide behind it."""
    metrics = next((found for found in scores.values() if found), {})
    name, value = next(iter(metrics.items()), ("", None))
    if value is None:
        return []
    balanced = metrics.get("BalancedAccuracy") if name == "Accuracy" else None
    hidden = balanced is not None and value - balanced > HIDDEN
    return [(name, value), *([("BalancedAccuracy", balanced)] if hidden and balanced is not None else [])]


def _series(values: Sequence[float] | Array) -> Array:
    series = np.array(values, np.float64)
    if series.ndim != 1:
        raise ValueError(f"A curve must be a list of numbers, not an array of {series.ndim} axes.")
    series.flags.writeable = False
    return series


def _scored(epoch: Epoch) -> bool:
    return epoch.validation_loss is not None and isfinite(epoch.validation_loss)


def _validation_loss(epoch: Epoch) -> float:
    return inf if epoch.validation_loss is None else epoch.validation_loss


class Recorder:
    """A history that grows: appending is cheap, `snapshot` gives the frozen value."""

    def __init__(self, start: History | None = None) -> None:
        start = start or History()
        self.losses = array("d", start.losses.tobytes())
        self.rates = array("d", start.rates.tobytes())
        self.gradient_norms = array("d", start.gradient_norms.tobytes())
        self.epochs = list(start.epochs)
        self.best = start.best

    def __len__(self) -> int:
        return len(self.losses)

    def step(self, loss: float, rate: float, gradient_norm: float) -> None:
        """Record one step."""
        self.losses.append(loss)
        self.rates.append(rate)
        self.gradient_norms.append(gradient_norm)

    def close(self, epoch: Epoch) -> bool:
        """Record an epoch; tell whether it is the best so far."""
        self.epochs.append(epoch)
        better = _scored(epoch) and (self.best is None or _validation_loss(epoch) < _validation_loss(self.best))
        self.best = epoch if better else self.best
        return better

    def snapshot(self) -> History:
        """Return all that was recorded so far as a value of its own."""
        return History(_series(self.losses), _series(self.rates), _series(self.gradient_norms), tuple(self.epochs))
