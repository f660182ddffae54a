"""The largest value of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalMax


class GlobalMaxPool3D(GlobalMax):
    """Takes the largest value of every channel over the whole volume: whether something was there at all, not where.

    Formula: y[c] = max x[c, i, j, k] over all places.

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over the three sides.

    Use it where it matters whether a feature occurs anywhere in the volume. Avoid it with noisy volumes, where one
    wrong place decides: take GlobalAveragePool3D.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 3, 2),))
