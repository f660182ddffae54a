"""Means that make an image of a wanted size."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.adaptive_average_pool import AdaptiveAveragePool
from engine.spec import param


class AdaptiveAveragePool2D(AdaptiveAveragePool):
    """Takes means over windows that it chooses itself, so that every image comes out in one size.

    Formula: y[i, j] = mean of x over rows ⌊i · h / m⌋ to ⌈(i + 1) · h / m⌉ - 1, and columns likewise.

    Along an axis of n pixels, window i of m reaches from ⌊i · n / m⌋ to ⌈(i + 1) · n / m⌉. ONNX: MatMul. PyTorch:
    nn.AdaptiveAvgPool2d.

    Use it before a Dense, where images come in several sizes or the Dense wants a fixed one. Avoid it where one value
    for a channel is enough: GlobalAveragePool2D is cheaper.
    """

    size: tuple[int, int] = param("Height and width of the output.", default=(2, 2), min=1, max=1024, unit=" px")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(size=(3, 1)), ((3, 2, 4),))
