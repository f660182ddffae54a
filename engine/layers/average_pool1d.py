"""The mean of each stretch of a series."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.average_pool import AveragePool
from engine.layers.pool_sides import Pool1D


class AveragePool1D(Pool1D, AveragePool):
    """Takes the mean of each window of a series: y = mean of x over the window. Steps beyond the ends do not count.

    ONNX: AveragePool. PyTorch: nn.AvgPool1d with count_include_pad=False.

    Use it to shorten a series and smooth it on the way. Avoid it where a short peak matters: MaxPool1D keeps it.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
        yield Example(cls(kernel=3, ceil=True), ((6, 2),))
