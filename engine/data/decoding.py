"""Pictures as one array: decoded once, as many as the memory allows are kept there, the others on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import cast

import numpy as np

from engine.arrays import Array, Shape
from engine.data.pictures import read_picture
from engine.data.spill import Spill
from engine.deferred import Deferred
from engine.files import cache_folder
from engine.problems import Reread, UserError

SHOWN, LISTED = 5, 20  # broken files that are named where they stop the reading, and where they are left out
STRETCH = 16  # pictures that a thread decodes at a time


class Pictures:
    """The pixels of picture files, uint8 (N, *shape), `shape` being (channels, height, width).

    The first ones are kept, up to `memory` bytes: which of them does not matter to training, which asks for all alike. The
    others lie on the disk; what the disk does not take is decoded again whenever it is asked for. If it is `tolerant`,
    broken pictures are left out. `whole` are the numbers of the files that were read.
    """

    def __init__(self, files: Sequence[Path], shape: Shape, fit: str, memory: int, tolerant: bool = False) -> None:
        self.files, self.shape, self.fit, self.tolerant = files, shape, fit, tolerant
        self.kept = np.empty((min(len(files), memory // prod(shape)), *shape), np.uint8)
        self._broken: dict[int, UserError] = {}
        self.spill = Spill(len(files) - len(self.kept), prod(shape)) if len(self.kept) < len(files) else None

    def read(self) -> Array:
        """Decode every picture once and return all, as an array that is `Deferred` where they are too many to keep.

        Raises UserError naming all files that are broken, or the first of them if they are many: if it is tolerant, only
        where no picture is whole.
        """
        self._broken.clear()
        with ThreadPoolExecutor(_cores()) as pool:
            for _ in pool.map(self._keep, range(0, len(self.files), STRETCH)):
                pass
        if self._broken and not (self.tolerant and len(self._broken) < len(self.files)):
            raise self._trouble()
        whole = self.whole
        if not self.spill:
            return _moved_up(self.kept, whole)
        return cast(Array, Deferred(self.rows, whole, self.shape, np.uint8))

    @property
    def whole(self) -> Array:
        return np.delete(np.arange(len(self.files)), sorted(self._broken))

    def rows(self, rows: Array) -> Array:
        """Return some pictures by their numbers."""
        out = np.empty((len(rows), *self.shape), np.uint8)
        there = rows < len(self.kept)
        out[there] = self.kept[rows[there]]
        for place in np.flatnonzero(~there):
            self._fetch(int(rows[place]), out[place])
        return out

    def notes(self) -> tuple[str, ...]:
        """Return sentences about pictures that were left out, and those kept neither in memory nor on the disk."""
        if not self._broken:
            return self._decoded_again()
        are = "is broken and was" if len(self._broken) == 1 else "are broken and were"
        count = f"{len(self._broken):,} of {len(self.files):,} pictures {are} left out"
        return (f"{count}: {self._names(LISTED)}.", *self._decoded_again())

    def _decoded_again(self) -> tuple[str, ...]:
        beyond = self.whole[self.whole >= len(self.kept)] - len(self.kept)
        again = int(np.sum(~self.spill.there[beyond])) if self.spill else 0
        if not self.spill or not again:
            return ()
        pictures = "1 picture is" if again == 1 else f"{again:,} pictures are"
        where = f"could not be kept in {cache_folder()}, because {self.spill.trouble}"
        return (
            f"{pictures} decoded again in every epoch: memory for pictures is used up, and more {where}. "
            "Free some space there, or allow more memory.",
        )

    def _keep(self, start: int) -> None:
        for row in range(start, min(start + STRETCH, len(self.files))):
            try:
                pixels = self._decode(row)
            except UserError as error:
                self._broken[row] = error
                continue
            if row < len(self.kept):
                self.kept[row] = pixels
            elif self.spill:
                self.spill.write(row - len(self.kept), pixels)

    def _trouble(self) -> UserError:
        """Return one sentence about all files that are broken."""
        rows, fix = sorted(self._broken), None
        if len(rows) < len(self.files):
            fix = Reread("broken", "leave out", "Leave them out" if len(rows) > 1 else "Leave it out")
        if len(rows) == 1:
            return UserError(f"{self._broken[rows[0]]}{_OR if fix else ''}", fix)
        folder = self.files[0].parent.parent
        return UserError(
            f"{len(rows):,} of {len(self.files):,} pictures in {folder} are broken: {self._names(SHOWN)}. "
            f"Replace them or take them away.{_OR if fix else ''}",
            fix,
        )

    def _names(self, most: int) -> str:
        names = [f"{self.files[row].parent.name}/{self.files[row].name}" for row in sorted(self._broken)]
        more = f" and {len(names) - most:,} more" if len(names) > most else ""
        return f"{', '.join(names[:most])}{more}"

    def _fetch(self, row: int, out: Array) -> None:
        if not (self.spill and self.spill.read(row - len(self.kept), out)):
            out[...] = self._decode(row)

    def _decode(self, row: int) -> Array:
        channels, height, width = self.shape
        return read_picture(self.files[row], height, width, channels == 3, self.fit)


_OR = ' Or leave broken pictures out: a setting of the data, "--leave-out-broken" on the command line.'


def _moved_up(pictures: Array, rows: Array) -> Array:
    """Return these rows, ascending, moved to the start of the same memory."""
    for place in np.flatnonzero(rows != np.arange(len(rows))).tolist():
        pictures[place] = pictures[rows[place]]
    return pictures[: len(rows)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
