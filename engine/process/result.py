"""From the last checkpoint of a training to the run that a project keeps."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from engine.process.messages import Result
from engine.project.encoding import from_dict
from engine.project.run import Run, Status
from engine.training.checkpoint import Checkpoint


def read_run(result: Result, run_id: str) -> Run:
    """Return the run that a result describes. Raises UserError or OSError where its checkpoint cannot be read."""
    content = result.content or Path(result.path).read_bytes()
    return run_of(Checkpoint.from_bytes(content), run_id, cast(Status, result.status))


def run_of(checkpoint: Checkpoint, run_id: str, status: Status) -> Run:
    """Return the run of a training that was left with this checkpoint."""
    about, best = checkpoint.about, checkpoint.history.best
    project = from_dict(about["project"])
    latest = {name: array for name, array in checkpoint.arrays.items() if not name.startswith("optimizer/")}
    slots = {name: array for name, array in checkpoint.arrays.items() if name.startswith("optimizer/")}
    return Run(
        id=run_id,
        project=project,
        parameters=checkpoint.best or latest,
        optimizer=slots,
        fitted=about["fitted"],
        history=checkpoint.history.to_dict(),
        seed=project.training.seed,
        data=about["data"],
        versions=about["versions"],
        workers=max(1, project.training.workers),
        status=status,
        best_epoch=best.number if best else None,
        counters={"step": checkpoint.step, "epoch": checkpoint.epoch, "random": dict(checkpoint.random)},
        started=about["started"],
    )
