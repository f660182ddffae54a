"""Turn a written program into a flat list of calls that need no argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from engine.arrays import Array
from engine.calls import Run, ready, singles
from engine.plan.memory import allocate, poison
from engine.plan.program import ONCE, Argument, Call, Key, Program
from engine.plan.setting import Setting
from engine.plan.state import State

LARGE = 1 << 17  # bytes of a step from which on the time to change a setting does not count


@dataclass(frozen=True)
class Bound:
    """A program with its arrays: `calls`, one for each of `program.calls`, are to run in order, and within `setting`.

    Those of phase ONCE `prepare` makes, whenever weights have changed.
    """

    program: Program
    arrays: Mapping[Key, Array]
    calls: tuple[Run, ...]
    bytes: int
    setting: Setting

    def prepare(self) -> None:
        """Do the calls that depend on nothing but weights."""
        for run in self._of(once=True):
            self.setting.run(run)

    def run(self) -> None:
        """Do all other calls."""
        self.setting.run(self.execute)

    def execute(self) -> None:
        """Do all calls but those of `prepare`; the caller runs within `setting`."""
        for call in self._singles:
            call()

    @cached_property
    def _singles(self) -> tuple[Run, ...]:
        return tuple(single for call in self._of(once=False) for single in singles(call))

    def _of(self, *, once: bool) -> list[Run]:
        pairs = zip(self.program.calls, self.calls, strict=True)
        return [run for call, run in pairs if (call.phase == ONCE) == once]


def bind(
    program: Program,
    state: State,
    *,
    poisoned: bool = False,
    given: Mapping[Key, Array] = MappingProxyType({}),
) -> Bound:
    """Allocate the arrays of a program, besides those `given`, and put them into its calls.

    With `poisoned`, everything in the arena is filled with NaN before the step and again as soon as it is free, so that a
    fault in the memory plan cannot stay hidden.
    """
    arrays, size = allocate(program, given)

    def resolve(argument: Argument) -> Any:
        if isinstance(argument, Key):
            return state.array(argument) if argument not in arrays else arrays[argument]
        return tuple(map(resolve, argument)) if isinstance(argument, tuple) else argument

    calls = [ready(call.function, *map(resolve, call.arguments)) for call in program.calls]
    if poisoned:
        calls = _poisoned(program, arrays, calls)
    large = size + state.vector.nbytes >= LARGE
    return Bound(program, arrays, tuple(calls), size, Setting(large))


def _poisoned(program: Program, arrays: Mapping[Key, Array], calls: list[Any]) -> list[Any]:
    """Return the calls with poison before an array's first use and after its last."""
    spans, reused = program.lifetimes(), program.reused()
    first = {key: span[0] for key, span in spans.items() if key not in reused}
    last = {key: span[1] for key, span in spans.items() if key not in reused.values()}

    def wrap(index: int, call: Call, run: Run) -> Run:
        begins = [arrays[key] for key in set(call.named()) if first.get(key) == index]
        ends = [arrays[key] for key in set(call.named()) if last.get(key) == index]

        def guarded() -> None:
            for array in begins:
                poison(array)
            run()
            for array in ends:
                poison(array)

        return guarded

    return [wrap(i, call, run) for i, (call, run) in enumerate(zip(program.calls, calls, strict=True))]
