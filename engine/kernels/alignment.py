"""All ways in which a sequence of labels can be spread over more steps, with blanks between: sums in logarithms.

The states of L labels are S = 2 L + 1: a blank, the first label, a blank, the second, and so on. A way starts in one of the
first two, and at each step stays, goes on by one, or leaps over a blank between different labels. Graves et al., 2006.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array

BLANK = 0
NEVER = -np.inf  # the logarithm of 0


def states(target: Array, state: Array, leap: Array) -> None:
    """Write the label of each state (N, S), of targets (N, L) that blanks fill up, and where a leap may end: 0 or NEVER."""
    state[...] = BLANK
    state[:, 1::2] = target
    leap[...] = NEVER
    leap[:, 3::2][target[:, 1:] != target[:, :-1]] = 0


def ends(target: Array) -> tuple[Array, Array]:
    """Return the two states (N,) in which a way may end: the last label, and the blank after it.

    Without labels both are the first blank.
    """
    blank = 2 * (target != BLANK).sum(axis=1)
    return np.maximum(blank - 1, 0), blank


def sum_ways(score: Array, leap: Array, work: Array, way: Array) -> None:
    """Write for each step and state (N, T, S) the log of the sum of all ways to it; `score` are logs of probabilities."""
    way[:, 0] = NEVER
    way[:, 0, :2] = score[:, 0, :2]
    for before, now, here in zip(_steps(way), _steps(way)[1:], _steps(score)[1:], strict=False):
        now[...] = before
        np.logaddexp(now[:, 1:], before[:, :-1], out=now[:, 1:])
        np.add(before[:, :-2], leap[:, 2:], out=work[:, 2:])
        np.logaddexp(now[:, 2:], work[:, 2:], out=now[:, 2:])
        np.add(now, here, out=now)


def total(way: Array, target: Array, out: Array) -> None:
    """Write the log of the probability of each target (N,)."""
    rows, (label, blank) = np.arange(len(way)), ends(target)
    last = way[:, -1]
    np.logaddexp(last[rows, blank], np.where(blank > 0, last[rows, label], NEVER), out=out)


def share_ways(score: Array, leap: Array, target: Array, whole: Array, rest: Array, work: Array, way: Array) -> None:
    """Turn what `sum_ways` wrote into the probability, given the target, of being in each state at each step.

    `whole` (N,) is what `total` wrote. `rest` and `work` (N, S) are work arrays.
    """
    rows = np.arange(len(way))
    rest[...] = NEVER
    for end in ends(target):
        rest[rows, end] = 0
    for now, here in zip(_steps(way)[::-1], _steps(score)[::-1], strict=True):
        np.add(now, rest, out=now)
        np.add(rest, here, out=work)
        rest[...] = work
        np.logaddexp(rest[:, :-1], work[:, 1:], out=rest[:, :-1])
        np.add(work, leap, out=work)
        np.logaddexp(rest[:, :-2], work[:, 2:], out=rest[:, :-2])
    np.subtract(way, whole[:, None, None], out=way)
    np.minimum(way, 0, out=way)  # rounding must not make it more than certain
    np.exp(way, out=way)


def _steps(x: Array) -> list[Array]:
    """Return views (N, S) of every step."""
    return list(x.swapaxes(0, 1))


def collapse(path: Array) -> list[int]:
    """Return the labels that one path (T,) means: equal ones in a row count once, blanks not at all."""
    kept = path[np.append(True, path[1:] != path[:-1])]
    labels: list[int] = kept[kept != BLANK].tolist()
    return labels
