"""Categories of new data that the training part did not hold: each counts as missing, which a person should know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.data.dataset import Dataset
from engine.data.wording import count
from engine.preprocessor import Fitted

NAMED = 3


def unknown_categories(dataset: Dataset, fitted: Fitted) -> Iterator[str]:
    """Yield a sentence for every column that an Input reads with values that it has not met while it was fitted."""
    names = [name for name, kind in fitted.get("columns", ()) if kind == "category"]
    for name, known in zip(names, fitted.get("categories", ()), strict=False):
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
