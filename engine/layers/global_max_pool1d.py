"""The largest value over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from engine.arrays import Shape
from engine.layer import Example, Parts
from engine.layers.global_pool import GlobalMax
from engine.layers.masked_pooling import FirstInPadding


class GlobalMaxPool1D(GlobalMax):
    """Takes the largest value of every feature over all steps of a series: whether it was there at all, not when.

    Formula: y[f] = max x[t, f] over all steps t.

    Of equal values the first gets the gradient. Kim, 2014. ONNX: ReduceMax. PyTorch: amax over the steps.

    Use it where it matters whether something occurs at all: words in a text, an alarm in a signal. Avoid it where it
    matters how often or when.
    """

    rank: ClassVar[int] = 1

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", self, parts.add("filled", FirstInPadding(), x, mask) if mask else x)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
