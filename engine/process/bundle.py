"""Many events of a training in one message, so that a window that draws 20 times a second hears no more often."""

from __future__ import annotations

from time import perf_counter

from engine.process.messages import Progress
from engine.training.events import EpochDone, Event, Steps, Validating

INTERVAL = 0.05  # seconds


class Bundle:
    """Collects steps and epochs until they are taken."""

    def __init__(self) -> None:
        self._steps: list[Steps] = []
        self._epochs: list[EpochDone] = []
        self._validating: Validating | None = None
        self._taken = 0.0

    def add(self, event: Event) -> None:
        """Collect an event; those that are no progress are left out."""
        if isinstance(event, Steps):
            self._steps.append(event)
            self._validating = None
        elif isinstance(event, EpochDone):
            self._epochs.append(event)
            self._validating = None
        elif isinstance(event, Validating):
            self._validating = event

    def due(self) -> bool:
        """Tell whether the last bundle was taken long enough ago."""
        return perf_counter() - self._taken >= INTERVAL

    def take(self) -> Progress | None:
        """Return everything since the last time as one message; None where nothing happened."""
        steps, epochs, validating = self._steps, self._epochs, self._validating
        if not (steps or epochs or validating):
            return None
        self._steps, self._epochs, self._validating, self._taken = [], [], None, perf_counter()
        share = validating.done / validating.samples if validating else None
        return Progress(_merged(steps) if steps else None, tuple(epochs), share)


def _merged(steps: list[Steps]) -> Steps:
    """Return consecutive steps as one; their speed is what the latest says."""
    return Steps(
        first=steps[0].first,
        epoch=steps[-1].epoch,
        losses=tuple(loss for event in steps for loss in event.losses),
        rates=tuple(rate for event in steps for rate in event.rates),
        gradient_norms=tuple(norm for event in steps for norm in event.gradient_norms),
        samples_per_second=steps[-1].samples_per_second,
    )
