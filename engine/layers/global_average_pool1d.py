"""The mean over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from engine.arrays import Shape
from engine.layer import Example, Parts
from engine.layers.global_pool import GlobalAverage
from engine.layers.masked_pooling import MeanOfSteps


class GlobalAveragePool1D(GlobalAverage):
    """Takes the mean of every feature over all steps of a series.

    Formula: y[f] = Σ x[t, f] / steps.

    ONNX: ReduceMean. PyTorch: mean over the steps.

    Use it to sum up a series of any length before a Dense. Avoid it where the order of steps matters: the last state
    of a GRU keeps it.
    """

    rank: ClassVar[int] = 1

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", *((MeanOfSteps(), x, mask) if mask else (self, x)))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
