"""The yardstick's line protocol: one request a line on standard input, one line of JSON as the answer.

`RUN name seconds` trains and answers with the milliseconds of a step; `LOSSES name k file` trains k steps from the values
in a file and answers with their losses; `QUIT` ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, TextIO

import numpy as np

from engine.bench.networks import network
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.problems import UserError
from engine.training.workers import MOST, cores, fastest

RATE = 1e-3
WARM_UP = 5  # steps that are not measured
FEWEST = 3  # steps that are measured


class Bench:
    """Answers requests, and keeps the network that was measured last. `workers` as in `ready`."""

    def __init__(self, workers: int = 0) -> None:
        self.workers, self.name = workers, ""
        self.plan: Plan | None = None

    def answer(self, request: str) -> Any:
        """Return what is to be written for one request; raise UserError where it cannot be answered."""
        command, _, rest = request.partition(" ")
        if command == "RUN" and len(words := rest.split()) == 2:
            return self._run(words[0], float(words[1]))
        if command == "LOSSES" and len(words := rest.split(maxsplit=2)) == 3:
            return losses(words[0], int(words[1]), words[2], self.workers)
        raise UserError("A request is RUN NAME SECONDS, LOSSES NAME COUNT FILE, or QUIT.")

    def _run(self, name: str, seconds: float) -> dict[str, float]:
        if self.plan is None or name != self.name:
            self.close()
            self.name, self.plan = name, ready(name, self.workers)
            for _ in range(WARM_UP):
                self.plan.step(RATE)
        return measure(self.plan, seconds)

    def close(self) -> None:
        """End what was measured last."""
        if self.plan:
            self.plan.close()
        self.plan = None


def ready(name: str, workers: int = 1) -> Plan:
    """Return a plan of one of the seven networks with its batch loaded. No `workers`: as many as are fastest."""
    made = network(name)
    graph, (x, target) = made.graph(), made.data()

    def compiled(count: int) -> Plan:
        plan = compile(graph, made.batch, optimizer=Adam(), workers=count)
        plan.load({"input": x}, {"output": target})
        return plan

    return compiled(workers) if workers else fastest(compiled, min(cores(), MOST))


def losses(name: str, count: int, path: str, workers: int = 1) -> list[float]:
    """Return the first losses of a network that starts from the values in a file."""
    plan = ready(name, workers)
    with np.load(path) as arrays:
        given = network(name).weights(plan.parameters, arrays)
    for own, array in given.items():
        np.copyto(plan.parameters[own], array)
    found = [plan.step(RATE) for _ in range(count)]
    plan.close()
    return found


def measure(plan: Plan, seconds: float) -> dict[str, float]:
    """Train for about so many seconds and return the milliseconds of a step: median, least, 10 % quantile, CPU time."""
    durations: list[float] = []
    cpu, begin = plan.cpu_seconds(), time.perf_counter()
    while time.perf_counter() - begin < seconds or len(durations) < FEWEST:
        start = time.perf_counter()
        plan.step(RATE)
        durations.append((time.perf_counter() - start) * 1e3)
    return {
        "ms": float(np.median(durations)),
        "n": len(durations),
        "min": min(durations),
        "p10": float(np.percentile(durations, 10)),
        "cpu": (plan.cpu_seconds() - cpu) / len(durations) * 1e3,
    }


def serve(requests: TextIO | None = None, answers: TextIO | None = None, workers: int = 0) -> None:
    """Answer requests until QUIT or the end of the input; a request that fails is answered with `{"error": ...}`."""
    out = answers or _own_output()
    bench = Bench(workers)
    for line in requests or sys.stdin:
        request = line.strip()
        if request == "QUIT":
            break
        if request:
            out.write(json.dumps(_answered(bench, request)) + "\n")
            out.flush()
    bench.close()


def _answered(bench: Bench, request: str) -> Any:
    try:
        return bench.answer(request)
    except (UserError, OSError, ValueError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _own_output() -> TextIO:
    """Return standard output for the answers alone: whatever else is printed goes to standard error from now on."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own
