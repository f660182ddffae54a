"""The mean of each window."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.average_pool import AveragePool
from engine.layers.pool_sides import Pool2D


class AveragePool2D(Pool2D, AveragePool):
    """Takes the mean of each window: y = mean of x over the window. Pixels beyond the edge do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool2d with count_include_pad=False.

    Use it to shrink images where the mean level matters, as in older networks and at the end of newer ones. Avoid it
    where single strong features matter: MaxPool2D keeps them.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(kernel=(3, 2), stride=(1, 2)), ((2, 5, 5),))
        yield Example(cls(kernel=(3, 3), padding=(1, 1)), ((3, 5, 6),))
        yield Example(cls(kernel=(3, 2), padding=(1, 0), ceil=True), ((2, 4, 5),))
