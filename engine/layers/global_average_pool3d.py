"""The mean of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool3D(GlobalAverage):
    """Takes the mean of every channel over the whole volume, so that a Dense may follow.

    Formula: y[c] = Σ x[c, d, i, j] / (D · H · W).

    Lin, Chen and Yan, 2014. ONNX: GlobalAveragePool. PyTorch: mean over all three sides.

    Use it at the end of convolutions of volumes in place of Flatten: no weights, any size. Avoid it where the place of a
    feature matters for the answer.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 4, 5),))
