"""Points of a curve that grows while it is drawn: a million of them cost no more to draw than the plot has pixels."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


class Series:
    """Pairs (x, y), x ascending, in vectors that double when they are full. A y that is no number leaves a gap."""

    def __init__(self) -> None:
        self._points = np.empty((4, 1024))  # x, y, sum of the y before, count of the y before that are numbers
        self._count = 0
        self._sum = np.zeros(2)

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
        room = self._points[:, self._count : end]
        known = np.isfinite(y)
        room[0], room[1] = x, np.where(known, y, np.nan)
        for row, start, values in ((2, self._sum[0], np.where(known, y, 0.0)), (3, self._sum[1], known)):
            room[row] = start + np.cumsum(values)
            self._sum[row - 2] = room[row, -1] if len(x) else start
        self._count = end

    def clear(self) -> None:
        """Forget all points."""
        self._count = 0
        self._sum[:] = 0.0

    def outline(self, low: float, high: float, pieces: int) -> tuple[Array, Array]:
        """Return the curve between two x, drawn with at most about four points for each of `pieces`.

        Where there are more, each piece keeps its smallest and its largest y, so that no extreme is ever lost.
        """
        first, last = self._window(low, high)
        x, y = self.x[first:last], self.y[first:last]
        if len(x) <= 4 * pieces:
            return x, y
        starts = np.linspace(0, len(x), pieces, endpoint=False).astype(np.intp)
        ends = np.append(starts[1:], len(x)) - 1
        smallest, largest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
        return np.stack([x[starts], x[ends]], 1).ravel(), np.stack([smallest, largest], 1).ravel()

    def trend(self, low: float, high: float, pieces: int, window: int) -> tuple[Array, Array]:
        """Return the mean of the `window` neighbours of every y between two x, at about `pieces` places.

        It depends on the points near by and not on how many there are, or on how much of them is looked at.
        """
        first, last = self._window(low, high)
        step = max(1, -(-(last - first) // max(pieces, 1)))
        places = np.unique(np.append(np.arange(first, last, step), max(last - 1, 0)))[: self._count]
        half = window // 2
        if half < 1 or not len(places):
            return self.x[places], self.y[places]
        begin, end = np.maximum(places - half, 0) - 1, np.minimum(places + half, self._count - 1)
        total, known = (self._points[row, end] - np.where(begin < 0, 0.0, self._points[row, begin]) for row in (2, 3))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.x[places], total / known

    def _window(self, low: float, high: float) -> tuple[int, int]:
        """Return which points lie between two x, and one more on either side."""
        first, last = np.searchsorted(self.x, (low, high), side="left")
        return max(int(first) - 1, 0), min(int(last) + 1, self._count)
