"""Calls that are made again and again with the same arrays: what can be worked out beforehand is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

Run = Callable[[], object]


def prepared(method: Callable[..., Run]) -> Callable[..., None]:
    """Let a method that returns a function without arguments be called as if it did the work itself.

    A plan calls the method once and the function in every step. So the method may only look at shapes and make views;
    the function reads and writes values. It must hold views of its arrays, not copies: in a plan images lie
    channels-last in memory, some vectors samples last (see `Layer`), and everything else in order, so that the usual
    `reshape` gives views.
    """

    @wraps(method)
    def run_once(*args: Any, **kwargs: Any) -> None:
        method(*args, **kwargs)()

    run_once.prepare = method  # type: ignore[attr-defined]
    return run_once


def ready(function: Callable[..., None], *arguments: Any) -> Run:
    """Return a function without arguments that does what `function` does with these."""
    prepare = getattr(function, "prepare", None)
    if prepare is None:
        return partial(function, *arguments)
    run: Run = prepare(function.__self__, *arguments)  # type: ignore[attr-defined]
    return run


class InTurn:
    """A function without arguments that calls others in turn. A plan takes it apart, for each layer of calls costs time."""

    def __init__(self, calls: tuple[Run, ...]) -> None:
        self.calls = calls

    def __call__(self) -> None:
        for call in self.calls:
            call()


def in_turn(calls: Iterable[Run]) -> Run:
    """Return a function that makes all these calls, one after the other."""
    flat = tuple(single for call in calls for single in singles(call))
    return flat[0] if len(flat) == 1 else InTurn(flat)


def singles(run: Run) -> tuple[Run, ...]:
    """Return the calls that `in_turn` made a function of; any other function is one call."""
    return run.calls if isinstance(run, InTurn) else (run,)
