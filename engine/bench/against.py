"""Our training steps and PyTorch's, measured in turn, so that what else the machine does meets both alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import IO, Any

import numpy as np

from engine.arrays import Array
from engine.bench.networks import NETWORKS, network
from engine.bench.serve import RATE, WARM_UP, measure
from engine.bench.torch_program import arrays_of, torch_program
from engine.data.batches import take
from engine.data.prepare import prepare
from engine.graph import Graph
from engine.optimizer import Optimizer
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.plan.threads import THREAD_VARIABLES
from engine.problems import UserError
from engine.project.project import Project
from engine.training.workers import MOST, cores, fastest


@dataclass(frozen=True, eq=False)
class Case:
    """A network with one batch, on which it is trained again and again."""

    name: str
    graph: Graph
    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    optimizer: Optimizer

    @property
    def batch(self) -> int:
        return len(next(iter(self.inputs.values())))


@dataclass(frozen=True)
class Compared:
    """Milliseconds of a step, ours with so many workers and PyTorch's; `ratio` is the median of those of each round.

    Where PyTorch is not there, or has no such network, `why` says so.
    """

    name: str
    workers: int
    ours: float
    theirs: float | None = None
    ratio: float | None = None
    why: str = ""


def fixed_cases() -> Iterator[Case]:
    """Yield the seven networks of the yardstick."""
    for name in NETWORKS:
        made = network(name)
        x, target = made.data()
        yield Case(name, made.graph(), {"input": x}, {"output": target}, Adam())


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

    count = workers or fastest(compiled, min(cores(), MOST, case.batch))
    plan = compiled(count)
    for _ in range(WARM_UP):
        plan.step(RATE)
    try:
        with _Torch(case) as torch:
            pairs = [(measure(plan, seconds)["ms"], torch.measure(seconds)) for _ in range(rounds)]
        ratio = median(ours / theirs for ours, theirs in pairs)
        return Compared(case.name, count, median(o for o, _ in pairs), median(t for _, t in pairs), ratio)
    except UserError as error:
        ours = median(measure(plan, seconds)["ms"] for _ in range(rounds))
        return Compared(case.name, count, ours, why=str(error))
    finally:
        plan.close()


def mean_ratio(found: list[Compared]) -> float | None:
    """Return the geometric mean of all ratios."""
    ratios = [item.ratio for item in found if item.ratio]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


class _Torch:
    """PyTorch in a process of its own, with its own threads and none of ours."""

    def __init__(self, case: Case) -> None:
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
        about, contents = arrays_of({**case.inputs, **case.targets})
        self._orders, self._answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self._start = [json.dumps({"threads": cores(), "arrays": about}).encode() + b"\n", *contents]

    def __enter__(self) -> _Torch:
        self._ask(*self._start)
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
