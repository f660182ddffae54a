"""A plan that several processes carry out together, each with its share of the samples and of the parameters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, sqrt
from time import process_time
from typing import IO, Any

import numpy as np

from engine.graph import Graph
from engine.plan.answer_part import AnswerPart
from engine.plan.member import COMMAND, NONE, PLAN, REQUEST, SEED, SOUND, Member, Part
from engine.plan.member import STEP as NUMBER
from engine.plan.member_process import ORDER, READY, REPLAY, RUN, STEP, describe
from engine.plan.plan import BoxCost, NotFinite, Plan, tensor
from engine.plan.shared import SharedMemory
from engine.plan.single import single
from engine.plan.stepping import Stepping
from engine.plan.sync import fence
from engine.plan.threads import HELPER_FLAG, one_thread
from engine.problems import UserError

_BOOT = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from engine.plan.member_process import main; main()"


class HelperDied(UserError):  # noqa: N818  (it says what happened)
    """A process that helps to train is gone, and the present step with it."""

    def __init__(self, code: int) -> None:
        how = f"signal {-code}" if code < 0 else f"code {code}"
        super().__init__(
            f"One of the processes that share the training was ended ({how}), so the step could not be completed. "
            "Resume from the last checkpoint, or train with fewer workers."
        )


class Team:
    """The helpers' processes and what all share. This process is the leader, and does a share of the work itself.

    Helpers end when the leader does, however that comes; BLAS has one thread in each of them.
    """

    def __init__(self, graph: Graph, stepping: Stepping, dtype: str, seed: int, count: int) -> None:
        memory = SharedMemory()
        self.member = Member(0, count, graph, stepping, dtype, memory, seed=seed, check=self.check)
        told = describe(graph, stepping, dtype) | {"handle": memory.handle, "count": count, "start": self.member.start}
        self.processes = [_started(memory) for _ in range(1, count)]
        self._finalizer = weakref.finalize(self, _end, self.processes, memory)
        self.parts: list[Part] = []
        self.answers: list[AnswerPart] = []
        self._meet([told | {"rank": rank} for rank in range(1, count)])

    def add(self, batch: int) -> int:
        """Prepare everybody for batches of another size; return the number of that plan."""
        self.parts.append(Part(self.member, batch))
        self._share(self.parts[-1])
        return len(self.parts) - 1

    def add_answers(self, batch: int) -> int:
        """Prepare everybody to answer so many samples at a time; return the number of that."""
        self.answers.append(AnswerPart(self.member, batch))
        self._share(self.answers[-1])
        return len(self.answers) - 1

    def _share(self, part: Part | AnswerPart) -> None:
        self.ask(ORDER)
        told = {"batch": part.batch, "start": part.start, "answers": isinstance(part, AnswerPart)}
        self._meet([told] * len(self.processes))

    def _meet(self, orders: Sequence[Any]) -> None:
        for process, order in zip(self.processes, orders, strict=True):
            self._tell(_pipe(process.stdin), order)
        for process in self.processes:
            if _pipe(process.stdout).readline() != READY:
                process.wait()
                self.check()

    def _tell(self, pipe: IO[bytes], order: Any) -> None:
        try:
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()
        except OSError:
            self.check()
            raise

    def ask(self, command: int) -> None:
        """Let every helper do something; the leader must then do the same."""
        self.check()
        control = self.member.control
        control[COMMAND] = command
        fence()
        control[REQUEST] += 1

    def check(self) -> None:
        """Raise HelperDied where a helper is gone; then all others end, too."""
        codes = [code for process in self.processes if (code := process.poll()) is not None]
        if codes or not self._finalizer.alive:
            self.close()
            raise HelperDied(codes[0] if codes else 0)

    def close(self) -> None:
        """End all helpers. What was learnt stays."""
        self._finalizer()


class TeamPlan(Plan):
    """A `Plan` whose steps a team does. Results depend on how many share the work, in the last bits."""

    def __init__(self, team: Team, batch: int) -> None:
        self.team, self._number = team, team.add(batch)
        self._part = team.parts[self._number]
        member, bound = team.member, self._part.bound
        whole = replace(bound, arrays={**bound.arrays, **self._part.whole})
        super().__init__(member.graph, member.inference, batch, member.state, whole)
        self._draws = any(member.rng is argument for call in bound.program.calls for argument in call.arguments)
        self._loss, self.workers = 0.0, member.count

    def _ask(self, command: int) -> None:
        control = self.team.member.control
        control[PLAN], control[NUMBER] = self._number, self.state.step + 1
        control[SEED] = int(self.state.rng.integers(1, 1 << 62)) if self._draws else 0
        self.team.ask(command)

    def _judge(self) -> None:
        self._loss = self.loss()
        self.team.member.control[SOUND] = isfinite(self._loss)

    def step(self, rate: float) -> float:
        """Do one training step on the loaded batch, see `Plan.step`. Raises HelperDied where a helper is gone."""
        member = self.team.member
        member.numbers[0] = rate
        self._ask(STEP)
        self._part.step(self._judge)
        if not member.sound():
            raise self._blame()
        self.gradient_norm = sqrt(member.squares.sum())
        self.state.step += 1
        return self._loss

    def run(self) -> float:
        """Do forward and backward on the loaded batch without an update; return the loss."""
        self._ask(RUN)
        self._part.run(self._judge)
        return self._loss

    def explain(self, repeats: int = 3) -> list[BoxCost]:
        """Return what each box costs where one process does it all; see `Plan.explain`."""
        alone = single(self.graph, self.batch, self.state)
        alone.load(self.inputs, self.targets)
        for node, mask in self.masks.items():  # it can no longer be told from a series
            np.copyto(alone.masks[node], mask)
        return alone.explain(repeats)

    def cpu_seconds(self) -> float:
        """Return the processor time that all workers have used, up to the latest step."""
        return process_time() + float(self.team.member.seconds[1:].sum())

    def close(self) -> None:
        """End the helpers; what was learnt stays."""
        self.team.close()

    def _replay(self, step: int) -> NotFinite:
        self._ask(REPLAY)
        self._part.replay()
        first, place = int(self.team.member.faults.min()), 0
        for call in (*self.bound.program.calls, *self.bound.program.gathered):
            for key in call.writes:
                if place == first:
                    return NotFinite(call.node, tensor(call, key), step)
                place += 1
        assert first == NONE
        return NotFinite(next(iter(self.losses)), "loss", step)


def _started(memory: SharedMemory) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=one_thread(os.environ),
        pass_fds=memory.inherited,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, HELPER_FLAG]
    return [sys.executable, "-c", _BOOT, json.dumps(sys.path)]


def _end(processes: Sequence[subprocess.Popen[bytes]], memory: SharedMemory) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            _close(_pipe(pipe))
    memory.close()


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:  # something was still to be written to a process that is gone
        return


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe
    return pipe
