"""Our training steps and PyTorch's, measured in turn, so that what else the machine does meets both alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import IO, Any

import numpy as np

from engine.arrays import Array, Arrays
from engine.bench.networks import GROUPS, network
from engine.bench.serve import RATE, measure
from engine.bench.torch_program import start_of, torch_program
from engine.composite import flatten
from engine.data.batches import take
from engine.data.prepare import prepare
from engine.graph import Graph
from engine.layer import needs
from engine.optimizer import Optimizer
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.plan.threads import THREAD_VARIABLES
from engine.problems import UserError
from engine.project.project import Project
from engine.training.workers import MOST, cores, fastest

FIRST = 8  # steps whose losses are compared; they are not measured


@dataclass(frozen=True, eq=False)
class Case:
    """A network with one batch, on which it is trained again and again."""

    name: str
    graph: Graph
    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    optimizer: Optimizer
    group: str = "yours"  # among whose ratios it is counted

    @property
    def batch(self) -> int:
        return len(next(iter(self.inputs.values())))


@dataclass(frozen=True)
class Compared:
    """Milliseconds of a step, ours with so many workers and PyTorch's; `ratio` is the median of those of each round.

    `difference` is the largest one, relative, between our losses of the first steps and PyTorch's from the same weights;
    None where they cannot be alike: layers draw random numbers, or PyTorch keeps other weights. Where PyTorch is not
    there, or has no such network, `why` says so.
    """

    name: str
    workers: int
    ours: float
    theirs: float | None = None
    ratio: float | None = None
    difference: float | None = None
    group: str = "yours"
    why: str = ""


def fixed_cases(only: Collection[str] = ()) -> Iterator[Case]:
    """Yield the seven networks of the yardstick, then the further ones; or `only` those of some names."""
    for name in only:
        network(name)  # raises where there is none of that name
    for group, made in GROUPS.items():
        for name in made:
            if name in only or not only:
                yield _fixed_case(group, name)


def _fixed_case(group: str, name: str) -> Case:
    made = network(name)
    x, target = made.data()
    return Case(name, made.graph(), {"input": x}, {"output": target}, Adam(), group)


def project_case(project: Project) -> Case:
    """Return a project's own network with its first batch. Raises UserError where the data does not suit it."""
    if project.data.source is None:
        raise UserError("The project has no data yet. Choose a file, a folder or one of the samples.")
    samples = prepare(project.graph, project.data.source.read(), project.data)
    first = take(samples, samples.train[: project.training.batch])
    return Case("this project", project.graph, first.inputs, first.targets, project.training.optimizer)


def compare(case: Case, *, workers: int = 0, rounds: int = 5, seconds: float = 0.5) -> Compared:
    """Measure a case in turns; no `workers`: as many as are fastest. PyTorch gets as many threads as there are cores."""

    def compiled(count: int) -> Plan:
        plan = compile(case.graph, case.batch, optimizer=case.optimizer, workers=count)
        plan.load(case.inputs, case.targets)
        return plan

    plan = compiled(workers) if workers else fastest(compiled, min(cores(), MOST, case.batch))
    start, trained = {name: array.copy() for name, array in plan.parameters.items()}, list(plan.gradients)
    losses = [plan.step(RATE) for _ in range(FIRST)]
    try:
        with _Torch(case, start, trained) as torch:
            pairs = [(measure(plan, seconds)["ms"], torch.measure(seconds)) for _ in range(rounds)]
        ratio, (ours, theirs) = median(o / t for o, t in pairs), map(median, zip(*pairs, strict=True))
        difference = None if _is_random(case.graph) else _difference(losses, torch.losses)
        return Compared(case.name, plan.workers, ours, theirs, ratio, difference, case.group)
    except UserError as error:
        ours = median(measure(plan, seconds)["ms"] for _ in range(rounds))
        return Compared(case.name, plan.workers, ours, group=case.group, why=str(error))
    finally:
        plan.close()


def _is_random(graph: Graph) -> bool:
    return any("rng" in needs(type(layer), "forward") for layer in flatten(graph).nodes.values())


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return max((abs(o - t) / max(abs(t), 1e-12) for o, t in zip(ours, theirs, strict=False)), default=None)


def mean_ratio(found: Iterable[Compared]) -> float | None:
    """Return the geometric mean of all ratios."""
    ratios = [item.ratio for item in found if item.ratio]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


class _Torch:
    """PyTorch in a process of its own, with its own threads and none of ours; `losses` are those of its first steps."""

    def __init__(self, case: Case, weights: Arrays, trained: Sequence[str]) -> None:
        if find_spec("torch") is None:
            raise UserError("PyTorch is not installed, so there is nothing to compare with.")
        program = torch_program(case.graph, case.optimizer, RATE)
        environ = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._orders, self._answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self._start = start_of({**case.inputs, **case.targets}, weights, trained, threads=cores(), steps=FIRST)
        self.losses: list[float] = []

    def __enter__(self) -> _Torch:
        self.losses = self._ask(*self._start)["losses"]
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def measure(self, seconds: float) -> float:
        """Return the milliseconds of a step."""
        return float(self._ask(f"{seconds}\n".encode())["ms"])

    def _ask(self, *said: bytes) -> Any:
        try:
            for part in said:
                self._orders.write(part)
            self._orders.flush()
            return json.loads(self._answers.readline())
        except (OSError, ValueError):
            self.__exit__()
            raise UserError("PyTorch could not train this network.") from None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe
    return pipe
