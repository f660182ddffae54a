"""What a run has never met: categories, which it takes for missing values, and words, which all look alike to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import prod

import numpy as np

from app.trying.trial import Feeds, Trial
from engine.data import unknown
from engine.graph import NodeId
from engine.preprocessing.tokens import Tokens
from engine.project.run import Run

MOST = 8  # categories that a sentence names


@dataclass(frozen=True)
class Stranger:
    """One value that was not among those of the training part, where it stands, and a sentence about it."""

    feed: str
    place: tuple[int, ...]
    sentence: str


def strangers(run: Run, feeds: Feeds) -> list[Stranger]:
    """Return the values of a sample that the run does not know; an empty one is a missing one, and known as such."""
    found = []
    for feed, values in feeds.items():
        column, known = feed.partition(".")[2], known_categories(run, feed)
        for place in _unknown(values, known):
            found.append(Stranger(feed, place, _sentence(column, str(values[place]), known)))
    return found


def known_categories(run: Run, feed: str) -> Sequence[str]:
    """Return the values that a column of categories had in the training part; () for any other feed."""
    box, _, column = feed.partition(".")
    return unknown.known_categories(run.fitted.get(box, {})).get(column, ())


def _unknown(values: np.ndarray, known: Sequence[str]) -> Iterator[tuple[int, ...]]:
    if known:
        yield from (place for place in np.ndindex(values.shape) if values[place] and values[place] not in known)


def _sentence(column: str, value: str, known: Sequence[str]) -> str:
    others = len(known) - MOST
    named = ", ".join(known[:MOST]) + (f" and {others} more" if others > 0 else "")
    letters = {one.casefold(): one for one in reversed(known)}
    near = _near(value.strip().casefold(), list(letters))
    advice = f"Did you mean {letters[near[0]]}?" if near else "Type one of these."
    return f"{column} “{value}” was not in the training data, so it counts as missing. Known: {named}. {advice}"


def _near(value: str, known: Sequence[str]) -> Sequence[str]:
    """Return what a value was probably meant to be: written alike, else the only one that begins so."""
    begun = [one for one in known if value and one.startswith(value)]
    return get_close_matches(value, known, n=1) or (begun if len(begun) == 1 else [])


def unread(trial: Trial, texts: Mapping[NodeId, str]) -> list[str]:
    """Return a sentence about every text of which the run cannot read all."""
    readers = {node: trial.inputs[node].preprocessing for node in texts}
    return [
        sentence
        for node, rule in readers.items()
        if isinstance(rule, Tokens)
        for sentence in unknown.unread_texts(node, rule, trial.run.fitted[node], [texts[node]])
    ]


def reach(trial: Trial, node: NodeId) -> str:
    """Return how much text a box reads, and how many different tokens it knows."""
    rule, fitted = trial.inputs[node].preprocessing, trial.run.fitted[node]
    if not isinstance(rule, Tokens):
        return ""
    return f"at most {prod(fitted['size'])} {rule.things}, of which it knows {len(fitted['vocabulary']):,}"
