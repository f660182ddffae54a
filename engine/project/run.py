"""A run: one training, with all that is needed to answer, to explain how it came about, and to go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from engine.arrays import Array
from engine.project.project import Project
from engine.training.checkpoint import Checkpoint
from engine.training.environment import environment
from engine.training.history import History

Status = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, eq=False)
class Run:
    """One training of one project. Nobody changes a run; it grows by being replaced with `with_`.

    `id` is "run-1", "run-2", ...; `project` is the project as it was when Start was pressed. `parameters` are what the run
    answers with (the best epoch's and averaged ones, where the settings say so), by PyTorch's names; `optimizer` the arrays
    that going on needs besides. `fitted` is what each Input and Output learnt from the training part, `data` the fingerprint
    of the data set, `counters` the step, the epoch and the state of the random generator. Arrays cannot be written to. A
    training that was saved in a checkpoint enters by `from_checkpoint`, and goes on from `to_checkpoint`.
    """

    id: str
    project: Project
    parameters: Mapping[str, Array] = field(default_factory=dict)
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)
    seed: int = 0
    data: str = ""
    versions: Mapping[str, Any] = field(default_factory=lambda: current_versions())
    workers: int = 1
    status: Status = "running"
    best_epoch: int | None = None
    counters: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""  # ISO 8601, for lists of runs

    def __post_init__(self) -> None:
        for name in ("parameters", "optimizer"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    @property
    def can_go_on(self) -> bool:
        """Whether a person stopped it before its end, so that its training can be taken up again."""
        return self.status == "stopped" and bool(self.counters)

    @property
    def can_be_longer(self) -> bool:
        """Whether it came to its end, or was stopped, and holds what is needed to learn on."""
        return self.status in ("done", "stopped") and bool(self.counters)

    def longer(self, epochs: int) -> Run:
        """Return this run as one that was stopped with so many epochs to go, so that its training can be taken up again.

        A schedule stretches over all epochs. One that ended since its validation loss got no better learns on all the same.
        """
        done, training = len(self.history.epochs), self.project.training
        patience = training.patience if self.status == "stopped" or done == training.epochs else 0
        training = training.with_(epochs=done + epochs, patience=patience)
        return self.with_(project=self.project.with_(training=training), status="stopped")

    def with_(self, **changes: Any) -> Run:
        """Return a copy with other values."""
        return replace(self, **changes)


def from_checkpoint(checkpoint: Checkpoint, *, id: str, project: Project, **values: Any) -> Run:
    """Return the run that a checkpoint of the training of `project` makes; `values` are other fields of `Run`."""
    answers = "best" if project.training.keep_best and checkpoint.best else "answering"
    answers = answers if getattr(checkpoint, answers) else "arrays"
    latest = {
        name: array for name, array in checkpoint.arrays.items() if "." in name
    }  # slots have no dot in their names
    kept = {"arrays": dict(checkpoint.arrays), "best": dict(checkpoint.best), "gathered": dict(checkpoint.gathered)}
    if answers == "arrays":
        kept["arrays"] = {name: array for name, array in checkpoint.arrays.items() if name not in latest}
    else:
        kept[answers] = {}
    score = checkpoint.history.best
    return Run(
        id=id,
        project=project,
        parameters=latest if answers == "arrays" else getattr(checkpoint, answers),
        optimizer={f"{group}/{name}": array for group, arrays in kept.items() for name, array in arrays.items()},
        history=checkpoint.history,
        best_epoch=score.number if score else None,
        counters={name: getattr(checkpoint, name) for name in _COUNTERS} | {"answers": answers},
        **values,
    )


_COUNTERS = ("step", "epoch", "random", "seconds", "samples")


def to_checkpoint(run: Run, about: Mapping[str, Any] | None = None) -> Checkpoint:
    """Return the checkpoint from which the training of a run goes on exactly; `about` is kept in it."""
    groups: dict[str, dict[str, Array]] = {"arrays": {}, "best": {}, "gathered": {}, "answering": {}}
    groups[run.counters["answers"]] |= run.parameters
    for name, array in run.optimizer.items():
        group, _, inner = name.partition("/")
        groups[group][inner] = array
    counters: dict[str, Any] = {name: run.counters[name] for name in _COUNTERS}
    counters |= {"workers": run.workers, "about": about or {}, **groups}
    return Checkpoint(history=run.history, **counters)


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


def keep(runs: tuple[Run, ...], run: Run) -> tuple[tuple[Run, ...], Run]:
    """Add a run to others, in place of what the same training had left there before it was resumed.

    Returns all runs, and the one that was added, with its id. One whose numbers became infinite takes nobody's place.
    """
    same = (old for old in runs if old.started == run.started and old.data == run.data and run.status != "failed")
    earlier = next(same, None)
    run = run.with_(id=earlier.id if earlier else next_id(runs))
    return tuple(run if old is earlier else old for old in runs) if earlier else (*runs, run), run


def current_versions() -> dict[str, Any]:
    """Return what, besides the project and the data, a result depends on to the last bit."""
    return {"netwright": program_version(), **environment()}


def program_version() -> str:
    """Return the version of this program; "source" where it runs uninstalled."""
    from importlib import metadata  # slow to load, and seldom needed

    try:
        return metadata.version("netwright")
    except ModuleNotFoundError:  # PackageNotFoundError is one
        return "source"
