"""How sentences about data name columns, kinds and numbers of things."""

from __future__ import annotations

from collections.abc import Sequence

from engine.columns import ColumnKind

PLURAL: dict[ColumnKind, str] = {
    "number": "numbers",
    "category": "categories",
    "text": "texts",
    "image": "images",
    "date": "dates",
}


def kinds(names: Sequence[ColumnKind]) -> str:
    """Return kinds of columns as `numbers, categories or images`."""
    words = [PLURAL[name] for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def columns(names: Sequence[str]) -> str:
    """Return names of columns as `columns a, b and 7 more`."""
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{'column' if len(names) == 1 else 'columns'} {shown}"


def count(number: int, word: str) -> str:
    """Return `1 class`, `3 classes`, `5 values`."""
    return f"{number:,} {word if number == 1 else word + ('es' if word.endswith('s') else 's')}"


def shortly(names: Sequence[str]) -> str:
    """Return names of columns as short as a button is: `a, b, c and 7 more`."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
