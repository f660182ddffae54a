"""Prepared samples in batches, in the order of the table or shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.arrays import Array, Arrays, Generator
from engine.data.prepare import Prepared


class Batch(NamedTuple):
    """The arrays of one step by node, and the numbers of their samples. They must not be written to."""

    inputs: Arrays
    targets: Arrays
    samples: Array


def shuffled(samples: Array, rng: Generator) -> Array:
    """Return the samples in the order of one epoch; the same state of `rng` gives the same order."""
    return rng.permutation(samples)


def batches(prepared: Prepared, samples: Array, size: int) -> Iterator[Batch]:
    """Yield the samples in their order, `size` at a time; the last batch may be smaller.

    Consecutive samples are views of the prepared arrays, others copies.
    """
    for start in range(0, len(samples), size):
        yield take(prepared, samples[start : start + size])


def take(prepared: Prepared, samples: Array) -> Batch:
    """Return these samples as one batch."""
    chosen = _consecutive(samples)
    inputs = {node: _rows(values, chosen) for node, values in prepared.inputs.items()}
    targets = {node: _rows(values, chosen) for node, values in prepared.targets.items()}
    return Batch(inputs, targets, samples)


def _rows(values: Array, chosen: slice | Array) -> Array:
    if isinstance(chosen, slice) or not isinstance(values, np.ndarray):
        return values[chosen]
    return values.take(chosen, 0)  # a third of the time of an index


def _consecutive(samples: Array) -> slice | Array:
    if len(samples) and samples[-1] - samples[0] == len(samples) - 1 and bool(np.all(np.diff(samples) == 1)):
        return slice(int(samples[0]), int(samples[-1]) + 1)
    return samples
