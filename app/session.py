"""Owns the training process and turns what it says into signals; nothing of the engine runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app import tasks
from engine.project.project import Project
from engine.project.run import Run
from engine.training.checkpoint import Glance
from engine.training.history import History
from engine.training.store import Store, checkpoint_folder

if TYPE_CHECKING:  # what a training process needs is loaded with the first one, or once the window was seen
    from engine.process.client import Client, Finished
    from engine.process.messages import Progress

State = Literal["idle", "starting", "running", "paused", "stopping"]
POLL = 33  # milliseconds


class Session(QObject):
    """One training at a time. After `train` comes either `finished` or `failed`, whatever becomes of the process.

    `started` carries a `Began` and the `History` that a checkpoint brought along (or None); `progress` carries `Steps`,
    `epoch_done` an `EpochDone`, `validating` the share that is done, `checkpointed` a `Checkpointed`, `finished` a `Run`.
    `diverged` comes just before `finished` where numbers became infinite: the sentence, and the box to blame. `failed`
    carries a `Failed`, `told` a sentence for the status bar.
    """

    state_changed = Signal(str)
    started = Signal(object, object)
    progress = Signal(object)
    epoch_done = Signal(object)
    validating = Signal(float)
    checkpointed = Signal(object)
    told = Signal(str)
    diverged = Signal(str, str)
    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "idle"
        self._client: Client | None = None
        self._ending: Client | None = None  # has said all that it will, and is about to be gone
        self._past: History | None = None
        self._timer = QTimer(self, interval=POLL)
        self._timer.timeout.connect(self._listen)

    @property
    def busy(self) -> bool:
        """Whether a training is under way."""
        return self.state != "idle"

    @property
    def pid(self) -> int | None:
        """The number of the training process, for reports and tests."""
        return self._client.pid if self._client else None

    def last_checkpoint(self, key: str) -> Glance | None:
        """Return what there is to resume for a project that `key` stands for: its path, or any other name for it."""
        return Store(checkpoint_folder(key)).glance()

    def train(self, project: Project | None, key: str, run_id: str = "run-1", *, resume: bool = False) -> None:
        """Start; with `resume`, from the last checkpoint of `key`, whose own project is taken where none is given."""
        if self.busy:
            raise RuntimeError("a training is under way")
        self._start(self._engage(key, run_id), project, resume=resume)

    def go_on(self, run: Run, key: str) -> None:
        """Take up the training of a run again, where it was stopped; its own project is taken."""
        if self.busy:
            raise RuntimeError("a training is under way")
        from engine.process.result import offer

        client = self._engage(key, run.id)
        tasks.start(
            lambda _: offer(run, client.folder),
            lambda _: self._start(client, None, resume=True),
            lambda text: self._give_up(client, text),
            self,
        )

    def _engage(self, key: str, run_id: str) -> Client:
        """Take a client into service, whose process is to be started."""
        from engine.process.client import Client

        self._past, self._client = None, Client(checkpoint_folder(key), run_id)
        self._enter("starting")
        return self._client

    def _start(self, client: Client, project: Project | None, *, resume: bool) -> None:
        if client is not self._client:  # it was put down meanwhile
            return
        if self.state == "stopping":
            self._give_up(client, "Training was stopped before its first step.")
            return
        try:
            client.start(project, resume=resume)
        except OSError as error:
            self._give_up(client, f"The training process could not be started: {error}.")
            return
        self._timer.start()

    def _give_up(self, client: Client, text: str) -> None:
        from engine.process.messages import Failed

        if client is self._client:
            self._conclude()
            self.failed.emit(Failed(text))

    def pause(self) -> None:
        """Rest after the present step."""
        if self._client and self.state == "running":
            self._client.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if self._client and self.state == "paused":
            self._client.proceed()

    def stop(self) -> None:
        """End after the present step, and keep what was learnt. Before the first step it ends at once, with `failed`."""
        if self._client and self.state in ("starting", "running", "paused"):
            self._client.stop()
            self._enter("stopping")

    def kill(self) -> None:
        """End the process at once, where it does not answer any more; its last checkpoint stays."""
        if self._client:
            self._client.kill()

    def close(self) -> None:
        """Let the process save a checkpoint and end, as before the program ends."""
        self._timer.stop()
        for client in filter(None, (self._client, self._ending)):
            client.close()
        self._client = self._ending = None
        self._enter("idle")

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _listen(self) -> None:
        client = self._client
        for message in client.poll() if client else []:
            if self._client is client:  # a slot may have ended it
                self._hear(message)

    def _hear(self, message: Any) -> None:
        from engine.process.client import Finished, Past, Silent
        from engine.process.messages import Failed, Paused, Progress, Ready
        from engine.training.events import Checkpointed

        match message:
            case Progress():
                self._pass_on(message)
            case Past(history, notes):
                self._past = history
                self._tell(notes)
            case Checkpointed(trouble=trouble):
                self.checkpointed.emit(message)
                self._tell((trouble,))
            case Silent(text):
                self._tell((text,))
            case Ready(began, notes):
                self._tell(notes)
                self._enter("running")
                self.started.emit(began, self._past)
            case Paused(paused) if self.state != "stopping":
                self._enter("paused" if paused else "running")
            case Failed():
                self._conclude()
                self.failed.emit(message)
            case Finished():
                self._conclude()
                self._announce(message)

    def _announce(self, finished: Finished) -> None:
        if finished.text:
            self.diverged.emit(finished.text, finished.node or "")
        self.finished.emit(finished.run)

    def _pass_on(self, progress: Progress) -> None:
        if progress.steps:
            self.progress.emit(progress.steps)
        for epoch in progress.epochs:
            self.epoch_done.emit(epoch)
        if progress.validated is not None:
            self.validating.emit(progress.validated)

    def _tell(self, sentences: tuple[str, ...]) -> None:
        for sentence in filter(None, sentences):
            self.told.emit(sentence)

    def _conclude(self) -> None:
        """The process is done; it ends by itself, and its threads with it."""
        self._timer.stop()
        self._client, self._ending = None, self._client
        self._enter("idle")
