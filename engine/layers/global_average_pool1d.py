"""The mean over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool1D(GlobalAverage):
    """Takes the mean of every feature over all steps of a series.

    Formula: y[f] = Σ x[t, f] / steps.

    ONNX: ReduceMean. PyTorch: mean over the steps.

    Use it to sum up a series of any length before a Dense. Avoid it where the order of steps matters: the last state
    of a GRU keeps it.
    """

    rank: ClassVar[int] = 1

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
