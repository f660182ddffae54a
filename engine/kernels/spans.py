"""Spans of steps that a loop back over time prepares together, where the order of steps does not matter yet."""

from __future__ import annotations

from collections.abc import Iterator

from engine.kernels.memory import stretches

FEWEST = 4  # steps that are handled together where their order does not matter
CACHED = 1 << 14  # values of an array that a cache holds beside several others
SMALL_BATCH = 16  # series; with fewer of them, fewer steps are handled together


def at_once(steps: int, values: int) -> int:
    """Return how many steps of so many values are handled together, at most so many as there are."""
    return min(steps, max(FEWEST, CACHED // values))


def room(steps: int, width: int) -> int:
    """Return for how many steps, of so many values for each series, there should be room."""
    return at_once(steps, SMALL_BATCH * width)


def spans_back(steps: int, most: int) -> Iterator[slice]:
    """Yield the steps that are handled together, at most so many at a time, the last ones first."""
    yield from reversed(list(stretches(steps, most)))


def backwards(span: slice) -> range:
    """Return the numbers of the steps of a span, the last one first."""
    return range(span.stop - 1, span.start - 1, -1)
