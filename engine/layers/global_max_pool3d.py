"""The largest value of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalMax


class GlobalMaxPool3D(GlobalMax):
    """Takes the largest value of every channel over the whole volume: whether a feature is there, not where.

    Formula: y[c] = max x[c, d, i, j].

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over all three sides.

    Use it where one clear sign of a feature is enough, however small. Avoid it where its amount matters: take
    GlobalAveragePool3D.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 4, 5),))
