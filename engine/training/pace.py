"""How fast a training has been of late, on a clock that stands still while it rests."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from time import perf_counter

SPAN = 3.0  # seconds after which what happened counts a third


@dataclass
class Stopwatch:
    """Counts the seconds of a lap, without those of rest."""

    seconds: float = 0.0  # of this lap, up to the last rest
    before: float = 0.0  # of the laps before it
    started: float = field(default_factory=perf_counter)

    def rest(self) -> None:
        """Stand still until told to go on."""
        self.seconds = self.lap

    def go_on(self) -> None:
        """Go on after a rest."""
        self.started = perf_counter()

    def start_lap(self) -> None:
        """Begin the next lap."""
        self.before, self.seconds, self.started = self.total, 0.0, perf_counter()

    @property
    def lap(self) -> float:
        """The seconds of this lap."""
        return self.seconds + perf_counter() - self.started

    @property
    def total(self) -> float:
        """The seconds of all laps."""
        return self.before + self.lap


class Pace:
    """Samples a second, as a mean in which what is long ago counts less and less."""

    def __init__(self, time: float) -> None:
        self._samples = self._seconds = 0.0
        self._told = time

    def tell(self, samples: float, time: float) -> float:
        """Count `samples` that were done until `time`, in seconds, and return the samples a second of late."""
        passed, self._told = time - self._told, time
        kept = exp(-passed / SPAN)
        self._samples = kept * self._samples + samples
        self._seconds = kept * self._seconds + passed
        return self._samples / max(self._seconds, 1e-9)
