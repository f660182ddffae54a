"""The training process: it obeys orders from one pipe and reports on another, and ends when the window does."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Timer
from typing import IO, Any

from engine.data.prepare import Prepared, fingerprint, prepare
from engine.problems import UserError
from engine.process.bundle import Bundle
from engine.process.channel import Reader, Writer
from engine.process.messages import Continue, Failed, Pause, Paused, Reading, Ready, Result, Resumed, Start, Stop
from engine.project.encoding import from_dict, to_dict
from engine.project.project import Project
from engine.project.run import current_versions
from engine.training.checkpoint import Checkpoint
from engine.training.events import Began, Checkpointed, Diverged, Event
from engine.training.loop import Training
from engine.training.store import Store, keeping

GRACE = 3.0  # seconds to save a checkpoint in after the window is gone
STEP_BACK = 5  # of 19: with a training on every core, the window still answers as if there were none


class _Gone:
    """The window is gone."""


def main() -> None:
    """Obey the orders that arrive on standard input until there is a result, a failure, or nobody to report to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the command, which asks for an orderly stop
    faulthandler.enable()
    if hasattr(os, "nice"):
        os.nice(STEP_BACK)
    orders, reports = _pipes()
    serve(orders, reports)


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take standard input and output for messages; whatever a library prints goes to standard error."""
    orders, reports = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return orders, reports


def serve(orders: IO[bytes], reports: IO[bytes]) -> None:
    """Train as ordered. Returns when all is said."""
    inbox: SimpleQueue[Any] = SimpleQueue()
    writer = Writer(reports, heartbeat=True)
    Reader(orders, inbox.put, lambda: _leave(inbox))
    worker = Worker(inbox, writer)
    try:
        worker.obey(inbox.get())
    except UserError as error:
        writer.put(Failed(str(error)))
    except MemoryError as error:
        writer.put(Failed(_memory(error)))
    except Exception as error:  # the boundary: whatever went wrong is reported, not lost
        text = f"Training ended by a fault in the program ({type(error).__name__}: {error})."
        writer.put(Failed(text, traceback.format_exc()))
    writer.close(GRACE)


def _leave(inbox: SimpleQueue[Any]) -> None:
    """Give the training a moment to save a checkpoint, now that the window is gone, then end whatever it does."""
    inbox.put(_Gone())
    timer = Timer(GRACE, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _memory(error: MemoryError) -> str:
    reason = f" ({str(error).rstrip('.')})" if str(error) else ""
    return f"There is not enough memory{reason}. Choose a smaller batch, smaller layers, or less data."


class Worker:
    """One training, from its order to its result."""

    def __init__(self, inbox: SimpleQueue[Any], writer: Writer) -> None:
        self.inbox, self.writer = inbox, writer
        self.bundle = Bundle()

    def obey(self, order: Any) -> None:
        """Do what a Start says; anything else ends it at once."""
        if not isinstance(order, Start):
            return
        store = Store(Path(order.folder))
        store.take(patience=2 * GRACE)  # one whose window is gone may still be saving
        checkpoint = self._find(store) if order.resume else None
        project = self._project(order, checkpoint)
        self.writer.put(Reading())
        samples, about = _prepare(project, checkpoint)
        training = Training(project.graph, project.training, samples, resume=checkpoint)
        if checkpoint is None:
            store.clear()
        try:
            self._train(training, store, about, order.every)
        finally:
            training.close()

    def _find(self, store: Store) -> Checkpoint:
        found = store.newest()
        if found is None:
            raise UserError("There is no checkpoint to resume from. Train from the start.")
        self.writer.put(Resumed(found.checkpoint.history.to_dict(), found.notes))
        return found.checkpoint

    def _project(self, order: Start, checkpoint: Checkpoint | None) -> Project:
        if checkpoint is None:
            return from_dict(order.project)
        kept = from_dict(checkpoint.about["project"])
        if order.project is None:
            return kept
        project = from_dict(order.project)
        if _essence(project) != _essence(kept):
            raise UserError(
                f"The project was changed since the checkpoint of epoch {checkpoint.epoch} was written. "
                "Take the changes back to resume, or train from the start."
            )
        return project

    def _train(self, training: Training, store: Store, about: dict[str, Any], every: float) -> None:
        last: Event | None = None
        for event in keeping(training, store, about, every):
            last = event if not isinstance(event, Checkpointed) else last
            self._report(event, training.samples)
            if order := self._ordered(training, store, about):
                return self._leave_early(order, training, store, about)
        failed = isinstance(last, Diverged)
        text, node = (last.text, last.node) if isinstance(last, Diverged) else ("", None)
        return self._finish(training, store, about, Result("failed" if failed else "done", "", text=text, node=node))

    def _report(self, event: Event, samples: Prepared) -> None:
        if isinstance(event, Began):
            self.writer.put(Ready(event, samples.notes))
        elif isinstance(event, Checkpointed):
            self.writer.put(event)
        else:
            self.bundle.add(event)
        if self.writer.idle and self.bundle.due():
            self._flush()

    def _flush(self) -> None:
        progress = self.bundle.take()
        if progress:
            self.writer.put(progress)

    def _leave_early(self, order: Stop | _Gone, training: Training, store: Store, about: dict[str, Any]) -> None:
        if isinstance(order, Stop):
            self._finish(training, store, about, Result("stopped", ""))
        else:
            store.keep(training.checkpoint(about))

    def _ordered(self, training: Training, store: Store, about: dict[str, Any]) -> Stop | _Gone | None:
        """Obey what was ordered since, and wait while it says pause; return the order to end, if there is one."""
        paused = False
        while paused or not self.inbox.empty():
            order = self.inbox.get()
            if isinstance(order, Stop | _Gone):
                return order
            if isinstance(order, Pause | Continue) and isinstance(order, Pause) is not paused:
                paused = not paused
                self._pause(paused, training, store, about)
        return None

    def _pause(self, paused: bool, training: Training, store: Store, about: dict[str, Any]) -> None:
        self._flush()
        self.writer.put(Paused(paused))
        if paused:
            self.writer.put(store.keep(training.checkpoint(about)))

    def _finish(self, training: Training, store: Store, about: dict[str, Any], result: Result) -> None:
        """Put everything on the disk, then say that it is there; where it cannot be, send it along."""
        self._flush()
        checkpoint = training.checkpoint({**about, "status": result.status})
        kept = store.keep(checkpoint)
        content = checkpoint.to_bytes() if kept.trouble else b""
        path = "" if kept.trouble else str(store.path(checkpoint.step))
        store.release()
        self.writer.put(kept)
        self.writer.put(Result(result.status, path, content, result.text, result.node))


def _prepare(project: Project, checkpoint: Checkpoint | None) -> tuple[Prepared, dict[str, Any]]:
    """Read the data; return the samples and what a checkpoint says about them."""
    if project.data.source is None:
        raise UserError("The project has no data yet. Choose a file, a folder or one of the samples.")
    dataset = project.data.source.read()
    samples, data = prepare(project.graph, dataset, project.data), fingerprint(dataset)
    if checkpoint and checkpoint.about["data"] != data:
        raise UserError(
            f"The data of {project.data.source.label()} changed since the checkpoint of epoch {checkpoint.epoch} was "
            "written. Bring the old data back to resume, or train from the start."
        )
    return samples, {
        "project": to_dict(project),
        "data": data,
        "fitted": dict(samples.fitted),
        "versions": current_versions(),
        "started": checkpoint.about["started"] if checkpoint else datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": "running",
    }


def _essence(project: Project) -> Mapping[str, Any]:
    """Return what must be the same for a training to go on exactly."""
    settings, source = project.training.with_(epochs=1, patience=0), project.data.source
    data = project.data.with_(source=source.essence() if source else None)
    return to_dict(project.with_(places={}, notes="", training=settings, data=data))


if __name__ == "__main__":
    sys.exit(main())  # type: ignore[func-returns-value]
