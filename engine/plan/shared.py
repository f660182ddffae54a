"""Memory that several processes share. It has no name in any folder, so whatever becomes of them, nothing is left behind."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from uuid import uuid4

import numpy as np

from engine.arrays import Array

Handle = int | str  # an open file, or on Windows the beginning of names that live as long as somebody uses them


class SharedMemory:
    """Pieces of memory, each known by where it begins.

    On Linux they lie in a file that exists in memory only, elsewhere in one that is deleted as soon as it is open; the
    system drops them with the last process that has them, also after a kill. `handle` is inherited by other processes.
    """

    def __init__(self, handle: Handle | None = None) -> None:
        self._end = 0
        self.handle = _created() if handle is None else handle

    @property
    def inherited(self) -> tuple[int, ...]:
        """The open files that a process must inherit to see this memory."""
        return (self.handle,) if isinstance(self.handle, int) else ()

    def new(self, size: int) -> tuple[int, Array]:
        """Return where a new piece of so many bytes of zeros begins, and the bytes."""
        start = self._end
        self._end += -(-max(size, 1) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        if isinstance(self.handle, int):
            os.ftruncate(self.handle, self._end)
        return start, self.piece(start, size)

    def piece(self, start: int, size: int) -> Array:
        """Return the bytes of a piece that this or another process has made."""
        return np.frombuffer(self._map(start, max(size, 1)), np.uint8)

    def _map(self, start: int, size: int) -> mmap.mmap:
        if isinstance(self.handle, int):
            return mmap.mmap(self.handle, size, offset=start)
        return mmap.mmap(-1, size, tagname=f"{self.handle}-{start}")  # type: ignore[call-arg]  # on Windows

    def close(self) -> None:
        """Close the file; pieces stay as long as there are arrays in them."""
        if isinstance(self.handle, int):
            os.close(self.handle)
            self.handle = ""


def _created() -> Handle:
    if sys.platform == "win32":
        return f"netwright-{uuid4().hex}"
    if hasattr(os, "memfd_create"):
        return os.memfd_create("netwright")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
