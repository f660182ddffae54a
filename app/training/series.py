"""Points of a curve that grows while it is drawn."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


class Series:
    """Pairs (x, y) in two vectors that double when they are full, so that a million points cost no copying each."""

    def __init__(self) -> None:
        self._points = np.empty((2, 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> Array:
        """The x values so far (a view)."""
        return self._points[0, : self._count]

    @property
    def y(self) -> Array:
        """The y values so far (a view)."""
        return self._points[1, : self._count]

    def extend(self, x: Array, y: Array) -> None:
        """Add points at the end."""
        end = self._count + len(x)
        while end > self._points.shape[1]:
            self._points = np.concatenate([self._points, np.empty_like(self._points)], axis=1)
        self._points[0, self._count : end] = x
        self._points[1, self._count : end] = y
        self._count = end

    def clear(self) -> None:
        """Forget all points."""
        self._count = 0

    def smooth(self, window: int) -> Array:
        """Return the mean over `window` neighbours of every y: it depends on the points near by, not on their number."""
        if self._count <= 2 or window < 2:
            return self.y
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(self.y))])
        middle = np.arange(self._count)
        half = min(window, self._count) // 2
        low, high = np.maximum(middle - half, 0), np.minimum(middle + half + 1, self._count)
        means: Array = (total[high] - total[low]) / (high - low)
        return means
