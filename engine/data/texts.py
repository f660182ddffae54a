"""Texts as targets: numbers of characters as a loss takes them, and texts as a network spells them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from engine.arrays import Array
from engine.kernels.alignment import collapse

FIRST = 1  # the number of the first character of an alphabet; 0 is the blank


def alphabet_of(texts: Iterable[str]) -> list[str]:
    """Return every character that occurs, in order."""
    return sorted(set().union(*texts))


def steps_needed(text: str) -> int:
    """Return how many steps a series must have to spell a text: a blank parts equal characters."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def spelled(texts: Sequence[str], alphabet: Sequence[str], length: int) -> tuple[Array, Array]:
    """Return the numbers of characters, intp (N, length), filled up with 0, and which texts can be spelled (N,).

    Those that are empty, too long or hold other characters cannot: they are all 0.
    """
    number = {character: FIRST + place for place, character in enumerate(alphabet)}
    out = np.zeros((len(texts), length), np.intp)
    known = np.array([0 < len(text) <= length and number.keys() >= set(text) for text in texts], bool)
    for row in np.flatnonzero(known).tolist():
        out[row, : len(texts[row])] = [number[character] for character in texts[row]]
    return out, known


def read(answer: Array, alphabet: Sequence[str]) -> str:
    """Return the text of the likeliest way through the probabilities (T, K) of each character at each step."""
    return "".join(alphabet[number - FIRST] for number in collapse(answer.argmax(axis=-1)))
