"""What preprocessings of text share: numbers of tokens, padded to one length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind
from engine.layer import OnnxGraph
from engine.preprocessing.numbers import FLOAT, described
from engine.preprocessor import Feed, Fitted, Preprocessor
from engine.spec import param

PADDING, UNKNOWN, FIRST = 0, 1, 2  # numbers of tokens; the vocabulary starts at FIRST


class Tokens(Preprocessor, abstract=True):
    """Turns one text column into numbers of tokens (N, length) for an Embedding.

    0 is padding, 1 a token that the training part does not hold; `vocabulary[i]` has number i + 2. The length is that of
    the Input's size; longer texts lose their end. An exported model takes the numbers of tokens ("tokens", int64): ONNX
    has no operator that cuts texts, so the vocabulary is written into the model's metadata.
    """

    kinds: ClassVar[tuple[ColumnKind, ...]] = ("text", "category")
    takes_tokens: ClassVar[bool] = True
    tokens: int = param(
        "How many different tokens are told apart at most, padding and unknown included; the most frequent are kept.",
        default=256,
        min=3,
        max=1_000_000,
    )
    lower: bool = param("Treat capital and small letters alike.", default=False)
    padding: str = param(
        "Where short texts are filled up. Before the text suits recurrent layers: the last step is the text's end.",
        default="before",
        choices=("before", "after"),
        advanced=True,
    )

    def split(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        """Return the tokens of every text."""
        raise NotImplementedError

    def shape(self, columns: Sequence[Column]) -> Shape:
        return (max(map(len, self.split(_texts(columns, self.lower))), default=1) or 1,)

    def fit(self, columns: Sequence[Column], size: Shape, window: int = 0) -> Fitted:
        counts: Counter[str] = Counter()
        for tokens in self.split(_texts(columns, self.lower)):
            counts.update(tokens)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        return {**described(columns, size, window), "vocabulary": ranked[: self.tokens - FIRST]}

    def apply(self, columns: Sequence[Column], fitted: Fitted) -> Array:
        return self.encode(_texts(columns, self.lower), fitted)

    def encode(self, texts: Sequence[str], fitted: Fitted) -> Array:
        """Return the float32 numbers of tokens (N, length) of texts."""
        number = {token: FIRST + place for place, token in enumerate(fitted["vocabulary"])}
        length = int(np.prod(fitted["size"]))
        out = np.full((len(texts), length), PADDING, np.float32)
        for row, tokens in enumerate(self.split(texts)):
            found = [number.get(token, UNKNOWN) for token in tokens[:length]]
            start = length - len(found) if self.padding == "before" else 0
            out[row, start : start + len(found)] = found
        return out

    @property
    def things(self) -> str:
        """What its tokens are, as people say: words, characters."""
        return type(self).__name__.lower()

    def missed(self, text: str, fitted: Fitted) -> tuple[list[str], int]:
        """Return the tokens of a text that the vocabulary lacks, each once, and how many the text has beyond the length."""
        (tokens,) = self.split([text.lower() if self.lower else text])
        length, known = int(np.prod(fitted["size"])), set(fitted["vocabulary"])
        return list(dict.fromkeys(t for t in tokens[:length] if t not in known)), max(0, len(tokens) - length)

    def feeds(self, fitted: Fitted) -> tuple[Feed, ...]:
        return (Feed("tokens", "int64", tuple(fitted["size"])),)

    def told(self) -> dict[str, Any]:
        return {"numbers": {"padding": PADDING, "unknown": UNKNOWN, "vocabulary from": FIRST}}

    def onnx(self, g: OnnxGraph, inputs: Mapping[str, str], fitted: Fitted) -> str:
        return str(g.op("Cast", inputs["tokens"], to=FLOAT))


def _texts(columns: Sequence[Column], lower: bool) -> list[str]:
    """Return the texts of each row; those of several columns with a line end between them."""
    rows = zip(*(column.values.tolist() for column in columns), strict=True)
    joined = ("\n".join(row) for row in rows)
    return [text.lower() for text in joined] if lower else list(joined)
