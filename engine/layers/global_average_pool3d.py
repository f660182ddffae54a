"""The mean of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool3D(GlobalAverage):
    """Takes the mean of every channel over the whole volume, so that a Dense may follow.

    ONNX: GlobalAveragePool. PyTorch: mean over the three sides.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 3, 2),))
