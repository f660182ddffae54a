"""The largest value over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalMax


class GlobalMaxPool1D(GlobalMax):
    """Takes the largest value of every feature over all steps of a series: whether it was there at all, not when.

    Of equal values the first gets the gradient. Kim, 2014. ONNX: ReduceMax. PyTorch: amax over the steps.
    """

    rank: ClassVar[int] = 1

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
