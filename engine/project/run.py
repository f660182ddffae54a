"""A run: one training, with all that is needed to answer, to explain how it came about, and to go on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from engine.arrays import Array
from engine.project.project import Project

Status = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, eq=False)
class Run:
    """One training of one project. Nobody changes a run; it grows by being replaced with `with_`.

    `id` is "run-1", "run-2", ...; `project` is the project as it was when Start was pressed. `parameters` are what the run
    answers with (the best epoch's, where the settings say so), by PyTorch's names; `optimizer` the arrays that going on
    needs besides. `fitted` is what each Input and Output learnt from the training part, `data` the fingerprint of the data
    set, `counters` the step, the epoch and the state of the random generator. Arrays cannot be written to.
    """

    id: str
    project: Project
    parameters: Mapping[str, Array] = field(default_factory=dict)
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    data: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: current_versions())
    workers: int = 1
    status: Status = "running"
    best_epoch: int | None = None
    counters: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""  # ISO 8601, for lists of runs

    def __post_init__(self) -> None:
        for name in ("parameters", "optimizer"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {"parameters": dict(self.parameters), "optimizer": dict(self.optimizer)}
        return _rebuild, (values,)

    def with_(self, **changes: Any) -> Run:
        """Return a copy with other values."""
        return replace(self, **changes)


def _rebuild(values: dict[str, Any]) -> Run:
    return Run(**values)


def _read_only(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
    views = {name: np.asarray(array).view() for name, array in arrays.items()}
    for view in views.values():
        view.flags.writeable = False
    return MappingProxyType(views)


@dataclass(frozen=True)
class Saved:
    """What a project file holds. `preview` is a small PNG picture of the canvas, or empty."""

    project: Project
    runs: tuple[Run, ...] = ()
    preview: bytes = b""


def next_id(runs: Iterable[Run]) -> str:
    """Return the id of the next run: one more than the highest there is."""
    return f"run-{max((int(run.id.removeprefix('run-')) for run in runs), default=0) + 1}"


def current_versions() -> dict[str, str]:
    """Return what, besides the project and the data, a result depends on to the last bit."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index, call-overload, unused-ignore]
    threads = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or str(os.cpu_count())
    return {
        "netwright": program_version(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "blas": f"{blas.get('name', '?')} {blas.get('version', '?')}",
        "threads": threads,
    }


def program_version() -> str:
    """Return the version of this program; "source" where it runs uninstalled."""
    try:
        return metadata.version("netwright")
    except metadata.PackageNotFoundError:
        return "source"
