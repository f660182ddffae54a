"""Means that make a volume of a wanted size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.adaptive_average_pool import AdaptiveAveragePool
from engine.layers.sided import Triple
from engine.spec import param


class AdaptiveAveragePool3D(AdaptiveAveragePool):
    """Takes means over windows that it chooses itself, so that every volume comes out in one size.

    Formula: y[c, i, j, k] = mean of x[c] over the window; along a side of n pixels, window i of m reaches from ⌊i · n / m⌋
    to ⌈(i + 1) · n / m⌉.

    ONNX: MatMul. PyTorch: nn.AdaptiveAvgPool3d.

    Use it between convolutions and a Dense, where volumes of another size must do without new weights. Avoid it where
    GlobalAveragePool3D is enough: it leaves fewer weights to the Dense.
    """

    rank: ClassVar[int] = 3
    size: Triple = param("Depth, height and width of the output.", default=(2, 2, 2), min=1, max=1024, unit=" px")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 3, 4, 5),))
        yield Example(cls(size=(1, 3, 2)), ((1, 2, 2, 3),))
