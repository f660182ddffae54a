"""Comparisons with outside oracles, noted for the manual; `packaging/prove.py` keeps the largest difference of each."""

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.catalog import family_of
from engine.export.verify import difference
from engine.spec import Spec


class Witness:
    """Compares, notes how far apart two things are, and fails where that is too much."""

    def __init__(self, note: Callable[[str, Any], None]) -> None:
        self._note = note

    def alike(self, kind: type[Spec], oracle: str, compared: str, ours: Any, theirs: Any, tolerance: float) -> None:
        """Compare arrays or numbers, in units of the largest value or 1; `compared` says what they are."""
        ours, theirs = np.asarray(ours), np.asarray(theirs)
        scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
        self.apart(kind, oracle, compared, difference(ours, theirs, scale), tolerance)

    def apart(self, kind: type[Spec], oracle: str, compared: str, found: float, tolerance: float) -> None:
        """Take a difference that was measured in a way of its own."""
        assert found <= tolerance, f"{kind.__name__} and {oracle} differ by {found:.2g} in {compared}."
        self._note("proof", (family_of(kind), kind.__name__, oracle, compared, float(found), tolerance))
