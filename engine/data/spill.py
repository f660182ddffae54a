"""Rows of bytes that memory should not hold, on the disk: in a file without a name, which ends when its process does."""

from __future__ import annotations

import os
from errno import ENOSPC
from shutil import disk_usage
from tempfile import TemporaryFile
from threading import Lock
from weakref import finalize

import numpy as np

from engine.arrays import Array
from engine.files import cache_folder, cause

SHARE = 0.5  # of the free space: so much is taken at most


class Spill:
    """Rows of one size, each written once and read at will, from any thread; `there` says which are written.

    A disk that takes no more, or does not give a row back, is no error: the row is not there. `trouble` says why it took
    no more, as the end of a sentence; "" where all is well.
    """

    def __init__(self, rows: int, size: int) -> None:
        self.size, self.there, self.trouble, self._lock = size, np.zeros(rows, bool), "", Lock()
        try:
            cache_folder().mkdir(parents=True, exist_ok=True)
            self._room = int(SHARE * disk_usage(cache_folder()).free) // size
            self._file = TemporaryFile(buffering=0, dir=cache_folder())  # noqa: SIM115  (open as long as this lives)
            finalize(self, self._file.close)
        except OSError as error:
            self._room, self.trouble = 0, cause(error)

    def write(self, row: int, values: Array) -> None:
        """Keep a row, if the disk takes it."""
        with self._lock:
            if not self.trouble and row >= self._room:
                self.trouble = "half of the free space is taken"
            if self.trouble:
                return
            try:
                self._file.seek(row * self.size)
                if self._file.write(np.ascontiguousarray(values).data) < self.size:
                    raise OSError(ENOSPC, os.strerror(ENOSPC))
            except OSError as error:
                self.trouble = cause(error)
            else:
                self.there[row] = True

    def read(self, row: int, out: Array) -> bool:
        """Fill a contiguous array with a row and tell whether it was there."""
        if not self.there[row]:
            return False
        with self._lock:
            try:
                self._file.seek(row * self.size)
                return self._file.readinto(out.data) == self.size
            except OSError:
                return False
