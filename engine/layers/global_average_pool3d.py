"""The mean of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool3D(GlobalAverage):
    """Takes the mean of every channel over the whole volume, so that a Dense may follow.

    Formula: y[c] = Σ x[c, i, j, k] / (D · H · W).

    ONNX: GlobalAveragePool. PyTorch: mean over the three sides.

    Use it at the end of convolutions of volumes and films in place of Flatten. Avoid it where the place of a feature
    matters for the answer.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 3, 2),))
