"""Which samples train the network and which are kept back to check it."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.kinds import LOOKED_AT, is_clock
from engine.data.overlap import shared_steps
from engine.data.settings import DataSettings

GAP = 1.5  # steps


def split(count: int, settings: DataSettings, classes: Array | None) -> tuple[Array, Array]:
    """Return the numbers of the training and of the validation samples, each in ascending order.

    `classes` (count,) holds a class number for each sample; "stratified" without it divides at random. With a share
    above 0, at least one sample is kept back, and at least one is left for training.
    """
    kept = round(count * settings.validation)
    if settings.validation > 0:
        kept = max(kept, 1)
    kept = min(kept, max(count - 1, 0))
    if settings.split == "last":
        return np.arange(count - kept), np.arange(count - kept, count)
    order = np.random.default_rng(settings.seed).permutation(count)
    if settings.split == "stratified" and classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    place = np.arange(count) * kept
    chosen = (place + kept) // count > place // count if count else place > 0
    return np.sort(order[~chosen]), np.sort(order[chosen])


def advice(settings: DataSettings, dataset: Dataset) -> tuple[str, ...]:
    """Return what a person should know of the division before trusting a score."""
    found = []
    if settings.window > 1 and settings.split != "last" and settings.validation > 0:
        found.append(
            'Windows overlap, so validation samples share rows with training samples. Choose the division "last".'
        )
    shared = max(map(shared_steps, dataset.columns), default=0)
    if shared and settings.split != "last" and settings.validation > 0:
        found.append(
            f"Each series shares {shared:,} steps with the next, so validation samples lie in training samples. "
            'Choose the division "last".'
        )
    dates = next((column for column in dataset.columns if column.kind == "date"), None)
    if dates is not None and is_clock(dates):
        found += _of_time(settings, dates)
    if dates is not None and (settings.window > 1 or settings.split == "last"):
        known = dates.values[~dates.missing]
        if (np.diff(known) < 0).any():
            found.append(f"The rows are not in the order of {dates.name}. Set the order of the data to {dates.name}.")
    return tuple(found)


def _of_time(settings: DataSettings, dates: Column) -> list[str]:
    """Return what speaks against the division of rows that follow one another in time, or against their windows."""
    if settings.window <= 1:
        apart = settings.split == "last" or not settings.validation
        told = f"The rows follow one another in time ({dates.name}), so those kept back lie between those learnt from."
        return [] if apart else [f'{told} Choose the division "last" to be scored on what comes after.']
    steps = np.diff(dates.values[~dates.missing])
    gaps = steps[steps > GAP * np.median(steps[:LOOKED_AT])]
    if not len(gaps):
        return []
    one, longest = len(gaps) == 1, _span(gaps.max())
    told = f"There is a gap of {longest}" if one else f"There are {len(gaps):,} gaps, up to {longest} long,"
    return [f"{told} in {dates.name}: windows reach over {'it' if one else 'them'}."]


def _span(seconds: float) -> str:
    for unit, length in (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}s"
    return f"{seconds:.3g} seconds"
