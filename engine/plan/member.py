"""One of the workers that train a network together: its part of the samples and of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from math import isfinite
from time import process_time
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.graph import Graph
from engine.infer import infer
from engine.kernels.memory import share
from engine.plan.bind import Bound, bind
from engine.plan.divided import divided
from engine.plan.gathered import Parts
from engine.plan.memory import Rooms
from engine.plan.passes import improved
from engine.plan.program import ArraySpec, Key, Program
from engine.plan.shared import SharedMemory
from engine.plan.state import State, declared_weights, sizes
from engine.plan.stepping import Stepping
from engine.plan.sync import LINE, Sharing, Sync
from engine.plan.update import Move
from engine.plan.write import Options, write

# Places in the control counters; the leader writes all of them.
REQUEST, COMMAND, PLAN, STEP, SEED, SOUND, ROWS = PLACES = tuple(place * LINE for place in range(7))
SHARED = ("value", "grad", "target", "losses")  # pinned arrays of these kinds are seen by all
NONE = 1 << 62  # where nothing is bad


class Member:
    """What one worker sees of what all share. Rank 0 is the leader, who loads batches and reads what comes of them.

    Each has its own gradient and its own copy of the running statistics, which all change alike. `sums` are the views of
    the leader's gradient, in which those of all come together.
    """

    def __init__(
        self,
        rank: int,
        count: int,
        graph: Graph,
        stepping: Stepping,
        dtype: str,
        memory: SharedMemory,
        *,
        seed: int | None = None,
        start: int | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.rank, self.count, self.memory = rank, count, memory
        self.flat, self.graph = graph, improved(graph)
        self.inference = infer(self.graph)
        declared = declared_weights(graph)
        rooms = Rooms(_specs(sizes(declared, stepping), count, dtype))
        self.start, raw = memory.new(rooms.size) if start is None else (start, memory.piece(start, rooms.size))
        held = rooms.arrays(raw)
        self.numbers, self.squares, self.faults = held["numbers"], held["squares"], held["faults"]
        self.seconds = held["seconds"]
        self.control = held["control"].data
        self._gradients = [held[f"gradient/{other}"] for other in range(count)]
        self._statistics = held["statistics"]
        held |= {"gradient": self._gradients[rank]}
        held |= {"statistics": self._statistics.copy()} if rank else {}
        self.state = State(declared, stepping, seed, np.dtype(dtype), held)
        self.sync = Sync(rank, count, held["arrivals"], held["slots"], check)
        self.rng = np.random.default_rng()
        self._mine = self.state.part(share(self.state.vector.size, rank, count, unit=16))
        self._penalties = self.state.penalties(self._mine, self._gradients[0])
        self.sums = self.state.layout.views(self._gradients[0])

    def begin(self) -> None:
        """Start a step as the leader says: with its running statistics, and random numbers of one's own."""
        if self._statistics.size:
            if self.rank:
                np.copyto(self.state.statistics, self._statistics)
            self.sync.meet()
        if seed := self.control[SEED]:
            self.rng.bit_generator.state = np.random.PCG64([seed, self.rank]).state

    def parts(self, program: Program, whole: Mapping[Key, Array]) -> Parts:
        """Return what is to be done for one's part of the gradients of a program, whose shared arrays are given."""
        return Parts(program, self.state.layout, self._mine, self._gradients[0], whole)

    def add_up(self, parts: Parts) -> None:
        """Compute and sum all gradients for one's part of the parameters, and tell how large the sum is."""
        self.sync.meet()
        parts.compute()
        for place in parts.added:
            for other in self._gradients[1:]:
                np.add(self._gradients[0][place], other[place], out=self._gradients[0][place])
        if self._penalties:
            self._penalties()
        total = self._gradients[0][self._mine]
        square = float(total.dot(total))
        self.squares[self.rank], self.seconds[self.rank] = square, process_time()
        self.faults[self.rank] = not (isfinite(square) or np.isfinite(total).all())

    def sound(self) -> bool:
        """Tell whether loss and gradient are finite, after all have added up: the same for each worker."""
        return bool(self.control[SOUND]) and not self.faults.any()

    @cached_property
    def update(self) -> Move:
        """What updates one's part of the parameters."""
        return self.state.mover(self._mine, self._gradients[0])


class Part:
    """One worker's part of a plan for batches of `batch` samples."""

    def __init__(self, member: Member, batch: int, start: int | None = None) -> None:
        self.member, self.batch = member, batch
        mine = share(batch, member.rank, member.count)
        graph = divided(member.graph, member.inference, batch, member.rank, member.count)
        program = write(graph, member.inference, self._options(mine.stop - mine.start))
        rooms = Rooms(dict(_common(program, batch)))
        memory = member.memory
        self.start, raw = memory.new(rooms.size) if start is None else (start, memory.piece(start, rooms.size))
        self.whole = rooms.arrays(raw)
        given = {key: array if rooms.specs[key].shared else array[mine] for key, array in self.whole.items()}
        given |= {key: member.sums[f"{key.node}.{key.name}"] for key in program.placed}
        self.bound: Bound = bind(program, member.state, given=given)
        self.parts = member.parts(program, self.whole)

    def _options(self, samples: int) -> Options:
        member = self.member
        return Options(
            samples, member.state.vector.dtype.name, rng=member.rng, workers=Sharing(member.sync, self.batch)
        )

    def run(self, judge: Callable[[], None] = lambda: None) -> None:
        """Do forward and backward, and add up the gradients; `judge` may look at the losses of all before the end."""
        self.bound.setting.run(self._run, judge)

    def _run(self, judge: Callable[[], None]) -> None:
        self.member.begin()
        self.bound.execute()
        self.member.add_up(self.parts)
        judge()
        self.member.sync.meet()

    def step(self, judge: Callable[[], None] = lambda: None) -> None:
        """Do a whole step; nothing is updated where loss or gradient are not finite."""
        self.bound.setting.run(self._step, judge)

    def _step(self, judge: Callable[[], None]) -> None:
        self._run(judge)
        member = self.member
        if member.sound():
            member.update(float(member.numbers[0]), member.control[STEP], float(member.squares.sum()))
        member.sync.meet()

    def replay(self) -> None:
        """Do forward and backward once more and tell which of the arrays written is the first with a bad value."""
        self.bound.setting.run(self._replay)

    def _replay(self) -> None:
        member = self.member
        member.begin()
        faults = [place for place, array in enumerate(self._written()) if not np.isfinite(array).all()]
        member.faults[member.rank] = min(faults, default=NONE)
        member.sync.meet()

    def _written(self) -> Iterator[Array]:
        """Do all calls and yield what each of them writes, when it has."""
        program, member = self.bound.program, self.member
        for call, run in zip(program.calls, self.bound.calls, strict=True):
            run()
            yield from map(self.array, call.writes)
        member.sync.meet()
        self.parts.compute()
        member.sync.meet()
        yield from (member.sums[f"{key.node}.{key.name}"] for call in program.gathered for key in call.writes)

    def array(self, key: Key) -> Array:
        """Return one of this worker's arrays."""
        found = self.bound.arrays.get(key)
        return self.member.state.array(key) if found is None else found


def _specs(vectors: dict[str, int], count: int, dtype: str) -> dict[str, ArraySpec]:
    """Return all arrays, by name, that the workers share whatever the batch."""
    gradient = vectors["gradient"]
    lengths = vectors | {f"gradient/{rank}": gradient for rank in range(count)}
    specs: dict[str, Any] = {
        name: ArraySpec((size,), dtype) for name, size in lengths.items() if name != "gradient"
    } | Sync.rooms(count)
    return specs | {
        "control": ArraySpec((len(PLACES) * LINE,), "int64"),
        "numbers": ArraySpec((1,), "float64"),
        "squares": ArraySpec((count,), "float64"),
        "faults": ArraySpec((count,), "int64"),
        "seconds": ArraySpec((count,), "float64"),
    }


def _common(program: Program, batch: int) -> Iterator[tuple[Key, ArraySpec]]:
    """Yield the arrays of one worker's program that others read or write, for the whole batch."""
    for key, spec in program.arrays.items():
        if spec.shared:
            yield key, spec
        elif spec.pinned and key.kind in SHARED:
            yield key, replace(spec, shape=(batch, *spec.shape[1:]))
