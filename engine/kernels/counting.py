"""What was said against what is true: counts, shares and ranks of classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array


def has_classes(answer: Array, target: Array) -> bool:
    """Tell whether answers are probabilities of several classes (N, ..., K) rather than of yes."""
    return answer.ndim == target.ndim + 1


def confusion(answer: Array, target: Array) -> Array:
    """Return counts (K, K) as float64: row the true class, column the one that was said; of yes or no, K is 2."""
    classes = has_classes(answer, target)
    said = answer.argmax(axis=-1) if classes else answer >= 0.5
    true = target if classes else target >= 0.5
    count = answer.shape[-1] if classes else 2
    pairs = true.reshape(-1).astype(np.intp) * count + said.reshape(-1)
    return np.bincount(pairs, minlength=count * count).reshape(count, count).astype(np.float64)


def rows(answer: Array, target: Array) -> tuple[Array, Array]:
    """Return the probabilities of all classes (n, K) in float64 and the true classes (n,); of yes or no, K is 2."""
    if has_classes(answer, target):
        return answer.reshape(-1, answer.shape[-1]).astype(np.float64), target.reshape(-1)
    yes = answer.reshape(-1, 1).astype(np.float64)
    return np.concatenate((1 - yes, yes), axis=1), (target.reshape(-1) >= 0.5).astype(np.intp)


def one_against_rest(answer: Array, target: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the scores (n,) and which are true (n,) of each class that some samples have and some have not.

    Of yes or no only the yes.
    """
    probabilities, true = rows(answer, target)
    first = 0 if has_classes(answer, target) else 1
    for number in range(first, probabilities.shape[1]):
        positive = true == number
        if 0 < positive.sum() < len(positive):
            yield probabilities[:, number], positive


def average_precision(scores: Array, positive: Array) -> float:
    """Return Σ (R - R before) · P over all thresholds of scores (n,); equal scores make one threshold."""
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.cumsum(positive[order])
    last = np.append(ordered[1:] != ordered[:-1], True)  # where a threshold ends
    found, said = hits[last], np.flatnonzero(last) + 1
    return float((np.diff(found, prepend=0) / hits[-1] * (found / said)).sum())


def share(part: Array, whole: Array) -> Array:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def there(counts: Array) -> Array:
    """Return which classes are true or said at least once."""
    found: Array = counts.sum(axis=0) + counts.sum(axis=1) > 0
    return found


def mean_of(values: Iterator[float]) -> float:
    """Return the mean of numbers, NaN where there are none."""
    listed = list(values)
    return float(np.mean(listed)) if listed else float("nan")
