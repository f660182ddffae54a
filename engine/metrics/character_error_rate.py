"""How many characters of a text are wrong."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.kernels.alignment import BLANK
from engine.loss import Target
from engine.metric import Metric


class CharacterErrorRate(Metric):
    """Characters that must be put in, taken out or changed, of each that is right; may be above 1.

    Formula: Σ edit distance / Σ length of the text.

    It compares the likeliest way through a series with the text. Levenshtein, 1966.

    Use it for texts that a series spells. Avoid it where a single wrong character spoils all: count texts that are right.
    """

    targets: ClassVar[tuple[Target, ...]] = ("text",)
    larger_is_better: ClassVar[bool] = False
    while_training: ClassVar[bool] = True

    def score(self, answer: Array, target: Array) -> float:
        right = np.count_nonzero(target)
        if not right:
            return float("nan")
        said, lengths = _said(answer)
        return float(_distances(said, lengths, target).sum() / right)


def _said(answer: Array) -> tuple[Array, Array]:
    """Return the characters (N, T) of the likeliest way, those that count first, and how many count (N,)."""
    path = answer.argmax(axis=-1)
    counts = path != BLANK
    counts[:, 1:] &= path[:, 1:] != path[:, :-1]
    first = np.argsort(~counts, axis=1, kind="stable")
    return np.take_along_axis(path, first, axis=1), counts.sum(axis=1)


def _distances(said: Array, lengths: Array, target: Array) -> Array:
    """Return the edit distance of each sample: of the first so many characters said to those of the target."""
    places = np.arange(target.shape[1] + 1)
    ends = np.count_nonzero(target, axis=1)[:, None]
    distance = np.broadcast_to(places, (len(target), len(places)))
    found = np.take_along_axis(distance, ends, 1)[:, 0]
    for step in range(int(lengths.max(initial=0))):
        change = distance[:, :-1] + (said[:, step, None] != target)
        best = np.concatenate((distance[:, :1] + 1, np.minimum(change, distance[:, 1:] + 1)), axis=1)
        distance = np.minimum.accumulate(best - places, axis=1) + places  # or put in what is missing
        found = np.where(lengths == step + 1, np.take_along_axis(distance, ends, 1)[:, 0], found)
    return found
