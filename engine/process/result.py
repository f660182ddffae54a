"""Between the checkpoints of a training process and the runs that a project keeps."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from engine.process.messages import Result
from engine.project.encoding import from_dict, to_dict
from engine.project.run import Run, Status, from_checkpoint, to_checkpoint
from engine.training.checkpoint import Checkpoint
from engine.training.store import Store


def read_run(result: Result, run_id: str) -> Run:
    """Return the run that a result describes. Raises UserError or OSError where its checkpoint cannot be read."""
    checkpoint = Checkpoint.from_bytes(result.content or Path(result.path).read_bytes())
    about, project = checkpoint.about, from_dict(checkpoint.about["project"])
    return from_checkpoint(
        checkpoint,
        id=run_id,
        project=project,
        fitted=about["fitted"],
        seed=project.training.seed,
        data=about["data"],
        versions=about["versions"],
        workers=checkpoint.workers,
        status=cast(Status, result.status),
        started=about["started"],
    )


def offer(run: Run, folder: Path) -> None:
    """Put a run where a training that resumes will find it, in place of the checkpoints there.

    Raises UserError where they cannot be replaced, or belong to a training that is under way.
    """
    about = {
        "project": to_dict(run.project),
        "data": run.data,
        "fitted": dict(run.fitted),
        "versions": dict(run.versions),
        "started": run.started,
        "status": run.status,
    }
    store = Store(folder)
    checkpoint = to_checkpoint(run, about)
    store.take()
    try:
        store.clear()
        store.save(checkpoint)
    finally:
        store.release()
