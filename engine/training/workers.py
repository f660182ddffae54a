"""How many processes should share a training: found by measuring the first steps."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import inf
from time import perf_counter

import numpy as np

from engine.data.batches import take
from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.training.settings import TrainingSettings

WORTHWHILE = 4e-4  # seconds: shorter steps are left to one worker
LONG = 5.0  # seconds: shorter trainings too, since others take half a second to come
GAIN = 0.9  # of the time of one worker: so much faster must several be
LASTING = 3e-3  # seconds: sharing such steps pays wherever the other cores are idle
PATIENT = 1.25  # of the time of one worker: so slow may several be then, as what kept the cores busy will pass
CLEAR = 0.75  # of the time of one worker: so much faster are several for sure
STEPS = 5  # that are measured
ENOUGH = 0.05  # seconds that are measured at least, lest a moment in which something else ran decides
PATIENCE = 0.5  # seconds after which two steps must do
ROUNDS = 3
MOST = 8
MANY = 4  # cores, of which half may do better


def choose(graph: Graph, settings: TrainingSettings, samples: Prepared) -> Plan:
    """Return a plan of whole batches with as many workers as make its steps shortest; it has not been trained."""
    batch = min(settings.batch, len(samples.train))
    first = take(samples, samples.train[:batch])

    def compiled(workers: int) -> Plan:
        plan = compile(graph, batch, optimizer=settings.stepping, seed=settings.seed, workers=workers)
        plan.load(first.inputs, first.targets)
        return plan

    steps = settings.epochs * -(-len(samples.train) // batch)
    return fastest(compiled, min(cores(), MOST, batch), steps)


def fastest(compiled: Callable[[int], Plan], most: int, steps: float = inf) -> Plan:
    """Return the plan that does so many steps in the shortest time: with one worker, or with up to `most`.

    `compiled` makes a loaded plan. Where the gain is small all are measured again, since whatever else the machine did may
    have met only some of them; one worker trains long steps only where several are slower for sure, since it would do so
    to the end. No two plans are there at the same time, for they may be large.
    """
    times: dict[int, float] = {}

    def measured(workers: int) -> Plan:
        plan = compiled(workers)
        times[workers] = min(times.get(workers, inf), _seconds(plan))
        return plan

    for _ in range(ROUNDS):
        plan = measured(1)
        if most < 2 or times[1] < max(WORTHWHILE, LONG / steps):
            return plan
        for workers in _several(most):
            plan.close()
            del plan
            plan = measured(workers)
        best = min(_several(most), key=times.__getitem__)
        clear = times[best] < CLEAR * times[1]
        if clear and best == most:
            return plan
        plan.close()
        del plan
        if clear:
            break
    bar = PATIENT if times[1] > LASTING else GAIN
    return compiled(best if times[best] < bar * times[1] else 1)


def _several(most: int) -> tuple[int, ...]:
    """Return the numbers of workers to try besides one. Two of many cores often are one that does two things in turn."""
    return (most // 2, most) if most >= MANY else (most,)


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _seconds(plan: Plan) -> float:
    """Return the seconds that forward and backward take; the plan is left as it was."""
    statistics, random = plan.state.statistics.copy(), plan.state.rng.bit_generator.state
    found: list[float] = []
    while len(found) < 2 or sum(found) < ENOUGH or (len(found) < STEPS and sum(found) < PATIENCE):
        start = perf_counter()
        plan.run()
        found.append(perf_counter() - start)
    np.copyto(plan.state.statistics, statistics)
    plan.state.rng.bit_generator.state = random
    return min(found)
