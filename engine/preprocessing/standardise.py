"""Numbers to mean 0 and spread 1, categories to one-hot."""

from __future__ import annotations

from typing import ClassVar

from engine.columns import ColumnKind
from engine.preprocessor import Preprocessor


class Standardise(Preprocessor):
    """Brings every number column to mean 0 and spread 1, and turns each category into a row of zeros with one 1."""

    kinds: ClassVar[tuple[ColumnKind, ...]] = ("number", "category")
