"""Text as a series of characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.preprocessing.tokens import Tokens


class Characters(Tokens):
    """Turns each character of a text into a number, for an Embedding: for names, words and other short texts.

    Formula: y[i] = number of the i-th character in the vocabulary; 0 is padding, 1 unknown.

    scikit-learn: none. PyTorch: none.

    Use it for names, words and other short texts. Avoid it for long texts, whose words say more: Words.
    """

    def split(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        return texts
