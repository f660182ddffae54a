"""The window's side of a training process: starts it, hears it, and says in a sentence what became of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from engine.plan.threads import HELPER_FLAG, one_thread
from engine.process.channel import Reader, Writer
from engine.process.ending import Ending, memory_kills
from engine.process.messages import Continue, Failed, Heartbeat, Pause, Ready, Result, Resumed, Start, Stop
from engine.process.result import read_run
from engine.project.encoding import to_dict
from engine.project.project import Project
from engine.project.run import Run
from engine.training.events import Checkpointed
from engine.training.history import History

SILENCE = 5.0  # seconds without a heartbeat after which a process counts as hung
START_UP = 30.0  # the same, before it has said anything
WORKER_FLAG = "--netwright-worker"  # with which a frozen program becomes a training process

# Not multiprocessing: that would run the person's own script again in the process, and would forbid it children.
_BOOT = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from engine.process.worker import main; main()"
# On Windows: no console, and the window comes first where both want the processor. See also STEP_BACK of the worker.
_FLAGS = sum(getattr(subprocess, name, 0) for name in ("CREATE_NO_WINDOW", "BELOW_NORMAL_PRIORITY_CLASS"))


@dataclass(frozen=True)
class Finished:
    """The training has ended with a run. `text` says why where it failed on the way, `node` which box is to blame."""

    run: Run
    text: str = ""
    node: str | None = None


@dataclass(frozen=True)
class Past:
    """A training goes on from a checkpoint, which holds this; `notes` say what happened while finding it."""

    history: History
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Silent:
    """The process has said nothing for some seconds; it may come back."""

    text: str


class Client:
    """One training process. All methods return at once; what happens is told by `poll`.

    The last message is a `Finished` or a `Failed`, whatever becomes of the process. Checkpoints lie in `folder`.
    """

    def __init__(self, folder: Path, run_id: str = "run-1") -> None:
        self.folder, self.run_id = folder, run_id
        self.ended = False
        self._messages: SimpleQueue[Any] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._epoch: int | None = None  # of the last checkpoint
        self._heard, self._spoke, self._silent = monotonic(), False, False
        self._ready, self._cancelled, self._concluded = False, False, False

    @property
    def pid(self) -> int | None:
        """The number of the process, once it is started."""
        return self._process.pid if self._process else None

    def start(self, project: Project | None, *, resume: bool = False, every: float = 30.0) -> None:
        """Start training; with `resume`, from the last checkpoint, whose own project is taken where `project` is None."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._kills = memory_kills()
        self._process = self._begun()
        assert self._process.stdin
        assert self._process.stdout
        self._heard = monotonic()
        self._writer = Writer(self._process.stdin)
        self._reader = Reader(self._process.stdout, self._hear, self._end)
        self._writer.put(Start(to_dict(project) if project else None, str(self.folder), resume, every))

    def _begun(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=one_thread(os.environ),
                creationflags=_FLAGS,
            )
        except OSError:
            self._log.close()
            raise

    def pause(self) -> None:
        """Let it rest after the present step; a checkpoint is kept."""
        self._writer.put(Pause())

    def proceed(self) -> None:
        """Let it go on after a pause."""
        self._writer.put(Continue())

    def stop(self) -> None:
        """End it after the present step; the run keeps what was learnt. Before the first step it ends at once."""
        if self._ready:
            self._writer.put(Stop())
        else:
            self._cancelled = True
            self.kill()

    def kill(self) -> None:
        """End the process at once; the last checkpoint stays."""
        if self._process:
            self._process.kill()

    def poll(self) -> list[Any]:
        """Return what happened since the last call."""
        found: list[Any] = []
        with suppress(Empty):
            while True:
                found.append(self._messages.get_nowait())
        silence = monotonic() - self._heard
        if not self.ended and not self._silent and silence > (SILENCE if self._spoke else START_UP):
            self._silent = True
            found.append(Silent(f"The training process has not answered for {silence:.0f} seconds."))
        self.ended = self.ended or any(isinstance(message, Finished | Failed) for message in found)
        return found

    def messages(self) -> Iterator[Any]:
        """Yield what happens until it has ended, waiting where nothing does; for those who have no window."""
        while not self.ended:
            message = self._messages.get()
            self.ended = isinstance(message, Finished | Failed)
            yield message

    def close(self, grace: float = 5.0) -> None:
        """Let the process save a checkpoint and end; end it where it takes longer. Nothing of it is left afterwards."""
        if self._process is None:
            return
        deadline = monotonic() + grace
        self._writer.close(grace)
        _wait(self._process, deadline - monotonic())
        self._reader.join()

    def _hear(self, message: Any) -> None:
        """Take a message from the process; runs in the reader's thread, so that nobody waits for large files."""
        self._heard, self._spoke, self._silent = monotonic(), True, False
        match message:
            case Heartbeat():
                return
            case Checkpointed(epoch=epoch, trouble=""):
                self._epoch = epoch
            case Ready():
                self._ready = True
            case Resumed():
                message = Past(History.from_dict(message.history), message.notes)
                self._epoch = len(message.history.epochs)
            case Result():
                message = self._result(message)
            case Failed():
                message = replace(message, resumable=self._epoch)
        self._concluded = self._concluded or isinstance(message, Finished | Failed)
        self._messages.put(message)

    def _result(self, result: Result) -> Finished | Failed:
        try:
            run = read_run(result, self.run_id)
        except Exception as error:  # the boundary: whatever is wrong with it, the window must hear of an end
            text = f"The result of the training could not be read: {error}"
            return Failed(text, traceback.format_exc(), self._epoch)
        return Finished(run, result.text, result.node)

    def _end(self) -> None:
        """Find out why the process has closed its side, where it left no conclusion."""
        assert self._process
        code = _wait(self._process, START_UP)
        self._writer.close(0.0)
        self._log.seek(0)
        trace = self._log.read()[-20_000:].decode(errors="replace")
        self._log.close()
        if not self._concluded:
            text = Ending(code, memory_kills() > self._kills, self._epoch).text
            text = "Training was stopped before its first step." if self._cancelled else text
            self._messages.put(Failed(text, trace, self._epoch))


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Return the exit code, once the process has ended; end it where it takes longer."""
    try:
        return process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG]
    return [sys.executable, "-c", _BOOT, json.dumps(sys.path)]


def run_worker_if_asked(arguments: list[str]) -> bool:
    """Be the training process, or a helper of one, where a frozen program was started as such; call it first of all."""
    if arguments[1:2] == [WORKER_FLAG]:
        from engine.process.worker import main
    elif arguments[1:2] == [HELPER_FLAG]:
        from engine.plan.member_process import main
    else:
        return False
    main()
    return True
