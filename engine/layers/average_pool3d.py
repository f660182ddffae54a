"""The mean of each window of a volume."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.average_pool import AveragePool
from engine.layers.pool_sides import Pool3D


class AveragePool3D(Pool3D, AveragePool):
    """Takes the mean of each window of a volume: y = mean of x over the window. Pixels beyond the edge do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool3d with count_include_pad=False.

    Use it to shrink volumes and films where the mean level matters. Avoid it where single strong features matter:
    MaxPool3D keeps them.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 2, 4, 3),))
        yield Example(cls(kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), ((1, 2, 3, 3),))
        yield Example(cls(stride=(1, 1, 1), padding=(1, 1, 1)), ((1, 2, 2, 2),))
        yield Example(cls(kernel=(1, 2, 3), ceil=True), ((1, 2, 3, 4),))
