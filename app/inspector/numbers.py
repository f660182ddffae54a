"""Numbers as a person reads them."""

from __future__ import annotations


def short(number: int) -> str:
    """Return a count in at most four digits: 4,640; 73.7 k; 1.2 M."""
    if number < 10_000:
        return f"{number:,}"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)
