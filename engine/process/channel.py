"""Messages over a pair of pipes, each side with a thread that writes and one that reads, so that nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

from engine.problems import UserError
from engine.process.messages import Heartbeat, decode, encode

HEARTBEAT = 1.0  # seconds
_PREFIX = 8  # bytes of the length before each message
_LARGEST = 1 << 34


def frames(stream: IO[bytes]) -> Iterator[Any]:
    """Yield the messages that arrive, until the other side is gone. Raises UserError for what is none."""
    while len(prefix := stream.read(_PREFIX)) == _PREFIX:
        size = int.from_bytes(prefix, "little")
        if size > _LARGEST:
            raise UserError("The training process said something that is no message.")
        content = stream.read(size)
        if len(content) < size:
            return
        yield decode(content)


class Writer:
    """Writes messages in their order. `put` never waits; `idle` is true when all are written.

    With `heartbeat`, it says so when there was nothing to write for a second.
    """

    def __init__(self, stream: IO[bytes], heartbeat: bool = False) -> None:
        self._stream, self._waiting = stream, SimpleQueue[Any]()
        self._wait = HEARTBEAT if heartbeat else None
        self._open = True
        self._thread = Thread(target=self._run, name="netwright-writer", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        return self._waiting.empty()

    def put(self, message: Any) -> None:
        """Send a message; it is lost where the other side is gone."""
        if self._open:
            self._waiting.put(message)

    def close(self, timeout: float | None = None) -> None:
        """Write what waits, then close the stream."""
        self._open = False
        self._waiting.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        with suppress(OSError, ValueError):  # the other side is gone
            while (message := self._next()) is not None:
                content = encode(message)
                self._stream.write(len(content).to_bytes(_PREFIX, "little") + content)
                self._stream.flush()
        self._open = False
        with suppress(OSError, ValueError):
            self._stream.close()

    def _next(self) -> Any:
        try:
            return self._waiting.get(timeout=self._wait)
        except Empty:
            return Heartbeat()


class Reader:
    """Reads messages as they arrive, hands each to `hear`, and calls `ended` when the other side is gone."""

    def __init__(self, stream: IO[bytes], hear: Callable[[Any], None], ended: Callable[[], None]) -> None:
        self._stream, self._hear, self._ended = stream, hear, ended
        self._thread = Thread(target=self._run, name="netwright-reader", daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the other side is gone and all that it said has been heard."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with suppress(OSError, ValueError, UserError):  # what is not understood ends it, too
                for message in frames(self._stream):
                    self._hear(message)
        finally:
            with suppress(OSError, ValueError):
                self._stream.close()
            self._ended()
