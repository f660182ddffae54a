"""The mean of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool3D(GlobalAverage):
    """Takes the mean of every channel over the whole volume, so that a Dense may follow.

    Formula: y[c] = mean of x[c, d, i, j] over all pixels.

    ONNX: GlobalAveragePool. PyTorch: mean over the three sides.

    Use it between the last convolution of volumes and the Dense that answers. Avoid it where it matters where in the
    volume something is: take a Flatten.
    """

    rank: ClassVar[int] = 3

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 3, 2),))
