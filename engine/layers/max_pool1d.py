"""The largest value of each stretch of a series."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.max_pool import MaxPool
from engine.layers.pool_sides import Pool1D


class MaxPool1D(Pool1D, MaxPool):
    """Keeps the largest value of each window of a series: y = max x over the window, for every feature.

    Of equal values the first gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool1d.

    Use it to shorten a series and keep its peaks. Avoid it where the mean level matters: take AveragePool1D.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2),))
        yield Example(cls(kernel=3, stride=1, padding=1), ((5, 3),))
        yield Example(cls(kernel=2, stride=3), ((6, 1),))
        yield Example(cls(stride=1, padding=1), ((2, 1),))
        yield Example(cls(kernel=3, ceil=True), ((6, 1),))
