"""How many processes should share a training: found by measuring the first steps."""

from __future__ import annotations

import os
from time import perf_counter

from engine.data.batches import take
from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.training.settings import TrainingSettings

WORTHWHILE = 1e-3  # seconds: shorter steps are left to one worker
GAIN = 0.9  # of the time of one worker: so much faster must several be
STEPS = 5  # that are measured
MOST = 8


def choose(graph: Graph, settings: TrainingSettings, samples: Prepared) -> int:
    """Return how many workers make the steps shortest; one where steps are short anyway. Trains nothing."""
    count, batch = min(cores(), MOST), min(settings.batch, len(samples.train))
    if min(count, batch) < 2:
        return 1
    alone = _measured(graph, settings, samples, batch, 1)
    if alone < WORTHWHILE:
        return 1
    return count if _measured(graph, settings, samples, batch, count) < GAIN * alone else 1


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _measured(graph: Graph, settings: TrainingSettings, samples: Prepared, batch: int, workers: int) -> float:
    """Return the seconds that forward, backward and update of the first batch take, on parameters of their own."""
    plan = compile(graph, batch, optimizer=settings.optimizer, seed=settings.seed, workers=workers)
    try:
        first = take(samples, samples.train[:batch])
        plan.load(first.inputs, first.targets)
        return min(_seconds(plan) for _ in range(STEPS))
    finally:
        plan.close()


def _seconds(plan: Plan) -> float:
    start = perf_counter()
    plan.run()
    return perf_counter() - start
