"""Work off the window's thread: started here, answered by signals, cancelled by request, its errors told in sentences."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal
from shiboken6 import isValid

from app.crash import NOTICE, log
from engine.files import cause
from engine.problems import UserError


class Cancelled(Exception):  # noqa: N818 - no error
    """Raised inside a task's work by `Task.check` once the person no longer wants it."""


class Task(QObject):
    """One piece of work. Exactly one of `done`, `failed` and `cancelled` is emitted, on the window's thread."""

    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    _ended = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._wish = threading.Event()
        self._ended.connect(self._answer)

    def cancel(self) -> None:
        """Ask the work to end at its next `check`."""
        self._wish.set()

    def check(self) -> None:
        """Called by the work now and then; raises Cancelled when it should end."""
        if self._wish.is_set():
            raise Cancelled

    def _work(self, work: Callable[[], Any]) -> None:
        try:
            answer: Callable[[], None] = _with(self.done, work())
        except Cancelled:
            answer = self.cancelled.emit
        except Exception as error:
            answer = _with(self.failed, sentence(error))
        self._ended.emit(answer)

    def _answer(self, answer: Callable[[], None]) -> None:
        if self._wish.is_set():
            answer = self.cancelled.emit
        answer()
        _running.discard(self)
        _use_idle_time()


_running: set[Task] = set()
_waiting: deque[Callable[[], Any]] = deque()
_END = object()


def _with(signal: Any, value: Any) -> Callable[[], None]:
    return lambda: signal.emit(value)


def start(
    work: Callable[[Task], Any],
    done: Callable[[Any], None] | None = None,
    failed: Callable[[str], None] | None = None,
    owner: QObject | None = None,
) -> Task:
    """Run `work(task)` on another thread; `done(result)` or `failed(sentence)` is called on the window's thread.

    Where there is an `owner`, neither is called once it is gone: closures, unlike methods, outlive the widgets they name.
    """
    task = Task()
    if done:
        task.done.connect(_while_alive(owner, done))
    if failed:
        task.failed.connect(_while_alive(owner, failed))
    _running.add(task)
    QThreadPool.globalInstance().start(lambda: task._work(lambda: work(task)))
    return task


def start_idle(work: Callable[[Task], Any]) -> None:
    """Run `work(task)` on another thread as soon as no other work is going on, which it would slow down."""
    _waiting.append(partial(start, work))
    _use_idle_time()


def step_idle(steps: Iterator[None]) -> None:
    """Take steps on the window's thread, each as soon as no other work is going on and it has looked for input."""
    _waiting.append(partial(QTimer.singleShot, 0, partial(_step, steps)))
    _use_idle_time()


def _step(steps: Iterator[None]) -> None:
    if _running or next(steps, _END) is not _END:
        step_idle(steps)
    else:
        _use_idle_time()


def _use_idle_time() -> None:
    if _waiting and not _running:
        _waiting.popleft()()


def _while_alive(owner: QObject | None, answer: Callable[[Any], None]) -> Callable[[Any], None]:
    if owner is None:
        return answer
    return lambda value: answer(value) if isValid(owner) else None


def finish(milliseconds: int = 10_000) -> bool:
    """Wait until no work is going on, as before the program ends; return whether that came to pass."""
    return QThreadPool.globalInstance().waitForDone(milliseconds)


def sentence(error: Exception) -> str:
    """Return what a person is told about an error; what only a programmer understands goes to the log."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{cause(error)}."
    log.error("a task failed", exc_info=error)
    return NOTICE
