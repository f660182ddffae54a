"""Trains the open project: joins the document, its data and the training process, and keeps every run."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.dataset import ProjectData
from app.document import Document
from app.session import Session
from engine.project.run import Run, keep, next_id

if TYPE_CHECKING:
    from engine.process.messages import Failed
    from engine.training.checkpoint import Glance

_WORDS = {"idle": "idle", "paused": "paused"}


class Trainer(QObject):
    """What the window's training actions do. `state` is "idle", "training" or "paused"; `changed` comes with every other.

    A run belongs to the project that it was started from: where another one takes its place, the training ends, and only
    its checkpoint stays. The signals of `session` tell how a training goes. `kept` carries the run that was added to the
    document, `failed` a sentence and whether there is a checkpoint to resume from, `unfinished` the epoch that an earlier
    training reached.
    """

    changed = Signal()
    kept = Signal(object)
    failed = Signal(str, bool)
    unfinished = Signal(int)

    def __init__(self, document: Document, data: ProjectData, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document, self.data, self.session = document, data, Session(self)
        self._key = ""
        self.interrupted = False  # a checkpoint is left of a training that neither came to its end nor was stopped
        self._told = ""
        self._then: Callable[[], Any] | None = None  # what waits for the end of the training
        self.session.state_changed.connect(lambda _: self.changed.emit())
        self.session.finished.connect(self._keep)
        self.session.failed.connect(self._failed)
        self.session.diverged.connect(self._diverged)
        self.data.changed.connect(self.changed)
        document.opened.connect(self._opened)

    @property
    def state(self) -> str:
        return _WORDS.get(self.session.state, "training")

    def reason(self) -> str:
        """Return why nothing can be trained now, as a sentence; "" where it can."""
        project = self.document.project
        if not project.graph.nodes:
            return "There are no boxes yet."
        if project.data.source is None:
            return "Choose the data to learn from first."
        if self.data.loading:
            return "The data is being read."
        wrong = [*project.training.problems().values(), *project.data.problems().values()]
        return wrong[0] if wrong else ""

    def start(self) -> None:
        """Train the project as it is now."""
        self._begin(resume=False)

    def resume(self) -> None:
        """Go on from the last checkpoint, exactly as if nothing had happened."""
        self._begin(resume=True)

    def go_on(self, run: Run) -> None:
        """Take up the training of a run that was stopped; what it becomes takes the place of that run."""
        if not self.session.busy:
            self._expect()
            self.session.go_on(run, self._key)

    def stop(self) -> None:
        self.session.stop()

    def pause(self) -> None:
        self.session.pause()

    def proceed(self) -> None:
        self.session.resume()

    def stop_then(self, then: Callable[[], Any]) -> None:
        """Stop, keep what was learnt, and call `then` once that is done."""
        self._then = then
        self.session.stop()

    def close(self) -> None:
        """End the training process, as before the program ends; its checkpoint stays, to be resumed from."""
        self._then = None
        self.session.close()

    def _begin(self, *, resume: bool) -> None:
        if self.session.busy:
            return
        self._expect(self._key if resume else "")
        name = next_id(self.document.runs)
        self.session.train(None if resume else self.document.project, self._key, name, resume=resume)

    def _expect(self, key: str = "") -> None:
        """Make ready for a training whose checkpoints are kept under `key`, or where this project has its own."""
        self._key, self._told, self._then, self.interrupted = key or self._place(), "", None, False

    def _place(self) -> str:
        """Return what the checkpoints of this project are kept under: its file, or a name that nothing else has."""
        path = self.document.path
        return str(path.resolve()) if path else f"untitled-{secrets.token_hex(8)}"

    def _keep(self, run: Run) -> None:
        self.document.runs, kept = keep(self.document.runs, run)
        self.kept.emit(kept)
        if self._told:
            self.failed.emit(self._told, False)
        self._go_on()

    def _diverged(self, sentence: str, node: str) -> None:
        self._told = sentence
        self.document.select((node.split("/")[0],))  # a part of a composite is not on the canvas

    def _failed(self, message: Failed) -> None:
        if self._then is None:
            self._look()
            self.failed.emit(message.text, self.interrupted)
        self._go_on()

    def _look(self) -> Glance | None:
        """Find out whether there is a training to resume, and return its last checkpoint."""
        left = self.session.last_checkpoint(self._key) if self._key else None
        self.interrupted = left is not None and left.unfinished
        self.changed.emit()
        return left if self.interrupted else None

    def _go_on(self) -> None:
        """Do what waited for the end, outside of what the session is doing now."""
        then, self._then = self._then, None
        if then is not None:
            QTimer.singleShot(0, self, then)

    def _opened(self) -> None:
        """Offer what a training of this project left behind when the program ended in the middle of it."""
        if self.session.busy:
            self.close()
        self._key = self._place() if self.document.path else ""
        left = self._look()
        if left is not None:
            self.unfinished.emit(left.epoch)
