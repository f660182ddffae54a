"""Text as a series of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from engine.preprocessing.tokens import Tokens
from engine.spec import param

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


class Words(Tokens):
    """Turns each word and each punctuation mark of a text into a number, for an Embedding.

    Formula: y[i] = number of the i-th word in the vocabulary; 0 is padding, 1 unknown.

    scikit-learn: none. PyTorch: none.

    Use it for sentences and longer texts. Avoid it for names and codes, whose letters tell more: Characters.
    """

    tokens: int = param(
        "How many different words are told apart at most, padding and unknown included; the most frequent are kept.",
        default=5000,
        min=3,
        max=1_000_000,
    )
    lower: bool = param("Treat capital and small letters alike.", default=True)

    spaces: bool = param(
        "Take everything between two spaces for one word, marks included: for texts that are cut into words already.",
        default=False,
        advanced=True,
    )

    def split(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        return map(str.split if self.spaces else WORD.findall, texts)

    def told(self) -> dict[str, Any]:
        return {**super().told(), "token": r"\S+" if self.spaces else WORD.pattern}
