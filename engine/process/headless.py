"""Training without a window: the same process as the window's, so that both give the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.problems import UserError
from engine.process.client import Client, Finished
from engine.process.messages import Failed
from engine.project.project import Project


class TrainingFailed(UserError):  # noqa: N818  (it says what happened)
    """There is no run. `trace` is for a report of a fault; `resumable` the epoch of the last checkpoint, if any."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.text)
        self.trace, self.resumable = failed.trace, failed.resumable


def run_headless(
    project: Project | None,
    folder: Path,
    *,
    run_id: str = "run-1",
    resume: bool = False,
    every: float = 30.0,
    on_event: Callable[[Any], None] = lambda message: None,
) -> Finished:
    """Train a project in a process of its own and return its run; `on_event` hears every message on the way.

    Checkpoints lie in `folder` (see `checkpoint_folder`); `resume` goes on from the last one. A first Ctrl+C ends the
    training after the present step, with what was learnt; a second one at once. A run whose numbers became infinite is
    returned with status "failed" and a text. Raises TrainingFailed where there is no run.
    """
    client = Client(folder, run_id)
    client.start(project, resume=resume, every=every)
    try:
        last = _follow(client, on_event)
    finally:
        client.close()
    if isinstance(last, Failed):
        raise TrainingFailed(last)
    return last


def _follow(client: Client, on_event: Callable[[Any], None]) -> Finished | Failed:
    stopping = False
    while True:
        try:
            for message in client.messages():
                if isinstance(message, Finished | Failed):
                    return message
                on_event(message)
        except KeyboardInterrupt:
            if stopping:
                client.kill()
                raise
            stopping = True
            client.stop()
