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
from engine.problems import UserError

SHOWN = 5  # broken files that are named
STRETCH = 16  # pictures that a thread decodes at a time


class Pictures:
    """The pixels of picture files, uint8 (N, *shape), `shape` being (channels, height, width).

    The first ones are kept, up to `memory` bytes: which of them does not matter to training, which asks for all alike. The
    others lie on the disk; what the disk does not take is decoded again whenever it is asked for.
    """

    def __init__(self, files: Sequence[Path], shape: Shape, fit: str, memory: int) -> None:
        self.files, self.shape, self.fit = files, shape, fit
        self.kept = np.empty((min(len(files), memory // prod(shape)), *shape), np.uint8)
        self._broken: dict[int, UserError] = {}
        self.spill = Spill(len(files) - len(self.kept), prod(shape)) if len(self.kept) < len(files) else None

    def read(self) -> Array:
        """Decode every picture once and return all, as an array that is `Deferred` where they are too many to keep.

        Raises UserError naming all files that are broken, or the first of them if they are many.
        """
        self._broken.clear()
        with ThreadPoolExecutor(_cores()) as pool:
            for _ in pool.map(self._keep, range(0, len(self.files), STRETCH)):
                pass
        if self._broken:
            raise self._trouble()
        if not self.spill:
            return self.kept
        return cast(Array, Deferred(self.rows, np.arange(len(self.files)), self.shape, np.uint8))

    def rows(self, rows: Array) -> Array:
        """Return some pictures by their numbers."""
        out = np.empty((len(rows), *self.shape), np.uint8)
        there = rows < len(self.kept)
        out[there] = self.kept[rows[there]]
        for place in np.flatnonzero(~there):
            self._fetch(int(rows[place]), out[place])
        return out

    def notes(self) -> tuple[str, ...]:
        """Return a sentence where some pictures could be kept neither in memory nor on the disk."""
        again = int(np.sum(~self.spill.there)) if self.spill else 0
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
        rows = sorted(self._broken)
        if len(rows) == 1:
            return self._broken[rows[0]]
        names = [f"{self.files[row].parent.name}/{self.files[row].name}" for row in rows[:SHOWN]]
        more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
        return UserError(
            f"{len(rows):,} of {len(self.files):,} pictures in {self.files[0].parent.parent} are broken: "
            f"{', '.join(names)}{more}. Replace them or take them away."
        )

    def _fetch(self, row: int, out: Array) -> None:
        if not (self.spill and self.spill.read(row - len(self.kept), out)):
            out[...] = self._decode(row)

    def _decode(self, row: int) -> Array:
        channels, height, width = self.shape
        return read_picture(self.files[row], height, width, channels == 3, self.fit)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
