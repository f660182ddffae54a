"""Text as a series of characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.preprocessing.tokens import Tokens


class Characters(Tokens):
    """Turns each character of a text into a number, for an Embedding: for names, words and other short texts."""

    def split(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        return texts
