"""Which samples train the network and which are kept back to check it."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings


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
    dates = next((column for column in dataset.columns if column.kind == "date"), None)
    if dates is not None and (settings.window > 1 or settings.split == "last"):
        known = dates.values[~dates.missing]
        if (np.diff(known) < 0).any():
            found.append(f"The rows are not in the order of {dates.name}. Set the order of the data to {dates.name}.")
    return tuple(found)
