"""How many processes should share a training: found by measuring the first steps."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter

from engine.data.batches import take
from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.training.settings import TrainingSettings

WORTHWHILE = 4e-4  # seconds: shorter steps are left to one worker
GAIN = 0.9  # of the time of one worker: so much faster must several be
CLEAR = 0.75  # of the time of one worker: so much faster are several for sure
STEPS = 5  # that are measured
ROUNDS = 3
MOST = 8


def choose(graph: Graph, settings: TrainingSettings, samples: Prepared) -> int:
    """Return how many workers make the steps shortest; one where steps are short anyway. Trains nothing."""
    batch = min(settings.batch, len(samples.train))
    first = take(samples, samples.train[:batch])

    def compiled(workers: int) -> Plan:
        plan = compile(graph, batch, optimizer=settings.stepping, seed=settings.seed, workers=workers)
        plan.load(first.inputs, first.targets)
        return plan

    return fastest(compiled, min(cores(), MOST, batch))


def fastest(compiled: Callable[[int], Plan], most: int) -> int:
    """Return how many workers, one or `most`, do the steps of a plan in the shortest time; `compiled` makes a loaded plan.

    Where the gain is small both are measured again, since whatever else the machine did may have met only one of them.
    """
    alone = several = float("inf")
    for _ in range(ROUNDS if most > 1 else 0):
        alone = min(alone, _seconds(compiled(1)))
        if alone < WORTHWHILE:
            return 1
        several = min(several, _seconds(compiled(most)))
        if several < CLEAR * alone:
            break
    return most if several < GAIN * alone else 1


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _seconds(plan: Plan) -> float:
    """Return the seconds that forward and backward take, then close the plan."""
    found = []
    for _ in range(STEPS):
        start = perf_counter()
        plan.run()
        found.append(perf_counter() - start)
    plan.close()
    return min(found)
