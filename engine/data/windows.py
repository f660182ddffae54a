"""Samples cut out of a table: single rows, or windows of consecutive rows with a target after them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.arrays import Array, Shape
from engine.data.settings import DataSettings


@dataclass(frozen=True)
class Cut:
    """How `rows` rows become samples: each row one (`window` 0), or each `window` rows in a row."""

    rows: int
    window: int
    horizon: int

    @staticmethod
    def of(rows: int, settings: DataSettings) -> Cut:
        """Return the cut that the settings describe."""
        return Cut(rows, settings.window, settings.horizon)

    @property
    def samples(self) -> int:
        """How many samples have a target."""
        return max(0, self.rows - self.window - self.horizon + 1) if self.window else self.rows

    def target_rows(self, samples: Array) -> Array:
        """Return the row in which each sample's target lies."""
        return samples + (self.window - 1 + self.horizon) if self.window else samples

    def input_rows(self, samples: Array) -> Array:
        """Return every row that these samples read, once, in ascending order."""
        if not self.window:
            return samples
        read = np.zeros(self.rows + 1, np.int64)
        np.add.at(read, samples, 1)
        np.add.at(read, samples + self.window, -1)
        return np.flatnonzero(np.cumsum(read)[:-1] > 0)

    def cut(self, values: Array, samples: Array, size: Shape | None = None) -> Array:
        """Return the values (rows, ...) of each sample: (samples, ...), or (samples, window, ...); shaped `size` if given.

        All samples of a table come as a view that must not be written to.
        """
        if self.window:
            moved = sliding_window_view(values, self.window, axis=0)  # (rows - window + 1, ..., window)
            values = np.moveaxis(moved, -1, 1)
        first = int(samples[0]) if len(samples) else 0
        if np.array_equal(samples, np.arange(first, first + len(samples))):
            values = values[first : first + len(samples)]
        else:
            values = values[samples]
        return values if size is None or values.shape[1:] == tuple(size) else values.reshape(len(values), *size)
