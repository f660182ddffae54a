"""Which samples train the network and which are kept back to check it."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array
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


def advice(settings: DataSettings) -> tuple[str, ...]:
    """Return what a person should know of the division before trusting a score."""
    if settings.window > 1 and settings.split != "last" and settings.validation > 0:
        return ('Windows overlap, so validation samples share rows with training samples. Choose the division "last".',)
    return ()
