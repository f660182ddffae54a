"""Pictures as one array: as many as the memory allows are kept, the others are decoded again whenever they are asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from engine.arrays import Array, Shape
from engine.data.pictures import read_picture
from engine.deferred import Deferred


class Pictures:
    """The pixels of picture files, uint8 (N, *shape), `shape` being (channels, height, width).

    The first ones are kept, up to `memory` bytes: which of them does not matter to training, which asks for all alike.
    """

    def __init__(self, files: Sequence[Path], shape: Shape, fit: str, memory: int) -> None:
        self.files, self.shape, self.fit = files, shape, fit
        self.kept = np.empty((min(len(files), memory // prod(shape)), *shape), np.uint8)

    def read(self) -> Array:
        """Decode every picture once and return all, as an array that is `Deferred` where they are too many to keep.

        Raises UserError naming the first file that is broken.
        """
        with ThreadPoolExecutor(_cores()) as pool:
            for _ in pool.map(self._keep, range(len(self.files))):
                pass
        if len(self.kept) == len(self.files):
            return self.kept
        return cast(Array, Deferred(self.rows, np.arange(len(self.files)), self.shape, np.uint8))

    def rows(self, rows: Array) -> Array:
        """Return some pictures by their numbers."""
        out = np.empty((len(rows), *self.shape), np.uint8)
        there = rows < len(self.kept)
        out[there] = self.kept[rows[there]]
        for place in np.flatnonzero(~there):
            out[place] = self._decode(rows[place])
        return out

    def _keep(self, row: int) -> None:
        pixels = self._decode(row)
        if row < len(self.kept):
            self.kept[row] = pixels

    def _decode(self, row: Any) -> Array:
        channels, height, width = self.shape
        return read_picture(self.files[row], height, width, channels == 3, self.fit)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
