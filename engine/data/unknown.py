"""What the training part did not hold: categories, which count as missing, and tokens, which all look alike to a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from engine.data.dataset import Dataset
from engine.data.wording import count
from engine.preprocessing.tokens import Tokens
from engine.preprocessor import Fitted

NAMED = 3
TOKENS = 8  # that a sentence names


def known_categories(fitted: Fitted) -> dict[str, Sequence[str]]:
    """Return the values that each column of categories had in the training part."""
    names = (name for name, kind in fitted.get("columns", ()) if kind == "category")
    return dict(zip(names, fitted.get("categories", ()), strict=False))


def unknown_categories(dataset: Dataset, fitted: Fitted) -> Iterator[str]:
    """Yield a sentence for every column that an Input reads with values that it has not met while it was fitted."""
    for name, known in known_categories(fitted).items():
        column, met = dataset[name], set(known)
        strange = np.array([value not in met for value in column.distinct], bool)
        if strange.any():
            values = [value for value, is_strange in zip(column.distinct, strange, strict=True) if is_strange]
            shown = ", ".join(f"{value:.40}" for value in values[:NAMED]) + (", …" if len(values) > NAMED else "")
            rows = int(column.counts[strange].sum())
            were = (
                "was not among those learnt from and counts"
                if rows == 1
                else "were not among those learnt from and count"
            )
            yield f"{count(rows, 'value')} of {name} {were} as missing: {shown}{'' if shown.endswith('…') else '.'}"


def unread_texts(node: str, rule: Tokens, fitted: Fitted, texts: Sequence[str]) -> Iterator[str]:
    """Yield sentences about tokens of some texts that the Input `node` does not know, and texts beyond its reach."""
    missed = [rule.missed(text, fitted) for text in texts]
    unknown = list(dict.fromkeys(token for tokens, _ in missed for token in tokens))
    if unknown:
        named = ", ".join(f"“{token:.40}”" for token in unknown[:TOKENS])
        more = f" and {len(unknown) - TOKENS:,} more" if len(unknown) > TOKENS else ""
        yield f"{node} does not know {named}{more}. All {rule.things} that it did not learn look the same to it."
    beyond = [tokens for _, tokens in missed if tokens]
    if beyond:
        which = f" in {len(beyond):,} of {len(texts):,} texts" if len(texts) > 1 else ""
        reach = f"{prod(fitted['size']):,} {rule.things}"
        yield f"{node} reads the first {reach}; what follows ({sum(beyond):,}) is left out{which}."
