"""How workers wait for each other and add up numbers: counters in shared memory, and patience in three stages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Lock

from engine.arrays import Array
from engine.layer import Workers
from engine.plan.program import ArraySpec

LINE = 8  # counters in a cache line: no two workers write to the same one
EXCHANGE = 2048  # values that are added up at once
SPINS = 2_000  # looks at a counter before each further one lets others run
YIELDS = 20_000  # looks before each further one sleeps
PAUSE = 0.0005  # seconds of the first sleep
LONGEST_PAUSE = 0.01

_FENCE = Lock()


def fence() -> None:
    """Let everything written before be seen before what is written after: a lock does so on every processor."""
    with _FENCE:
        pass


def watch(counters: memoryview, place: int, target: int, check: Callable[[], None]) -> None:
    """Wait until a counter reaches `target`: look again, then yield, then sleep; `check` raises where there is no hope."""
    looks, pause = 0, PAUSE
    while counters[place] < target:
        looks += 1
        if looks > YIELDS:
            check()
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        elif looks > SPINS:
            _give_way()
    fence()


_give_way: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))


class Sync:
    """One worker's side of the meetings of `count` workers. All must call the same methods in the same order.

    `arrivals` counts the meetings that each worker has come to. `slots` hold what is exchanged: two sets in turn, since one
    worker may write the next numbers while another still reads these.
    """

    def __init__(self, rank: int, count: int, arrivals: Array, slots: Array, check: Callable[[], None]) -> None:
        self.rank, self.count, self._check = rank, count, check
        self._arrivals, self._slots = arrivals.data, slots
        self._meetings, self._sums = int(arrivals[rank * LINE]), 0
        self._others = [place * LINE for place in range(count) if place != rank]

    @staticmethod
    def rooms(count: int) -> dict[str, ArraySpec]:
        """Return the arrays that `count` workers need to meet."""
        return {
            "arrivals": ArraySpec((count * LINE,), "int64"),
            "slots": ArraySpec((2, count, EXCHANGE), "float64"),
        }

    def meet(self) -> None:
        """Wait until all have come here. What any of them wrote before is then seen by all."""
        self._meetings += 1
        fence()
        self._arrivals[self.rank * LINE] = self._meetings
        for place in self._others:
            watch(self._arrivals, place, self._meetings, self._check)

    def sum(self, values: Array) -> None:
        """Replace a contiguous array by its sum over all workers, with the same bits for each."""
        flat = values.reshape(-1)
        for start in range(0, flat.size, EXCHANGE):
            part = flat[start : start + EXCHANGE]
            slots = self._slots[self._sums % 2, :, : part.size]
            self._sums += 1
            slots[self.rank] = part
            self.meet()
            part[...] = slots.sum(axis=0)


class Sharing(Workers):
    """The workers as a layer knows them, in a step with `total` samples."""

    def __init__(self, sync: Sync, total: int) -> None:
        self._total = total
        self.sum, self.meet = sync.sum, sync.meet  # type: ignore[method-assign]

    def samples(self, here: int) -> int:
        return self._total
