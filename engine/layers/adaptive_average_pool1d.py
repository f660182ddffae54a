"""Means that make a series of a wanted length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.adaptive_average_pool import AdaptiveAveragePool
from engine.spec import param


class AdaptiveAveragePool1D(AdaptiveAveragePool):
    """Takes means over windows that it chooses itself, so that every series comes out in one size.

    Formula: y[i] = mean of x over the steps ⌊i · n / m⌋ to ⌈(i + 1) · n / m⌉ - 1.

    Along a series of n steps, window i of m reaches from ⌊i · n / m⌋ to ⌈(i + 1) · n / m⌉. ONNX: MatMul. PyTorch:
    nn.AdaptiveAvgPool1d.

    Use it before a Dense, where series come in several lengths or the Dense wants a fixed one. Avoid it where one
    value for a feature is enough: GlobalAveragePool1D is cheaper.
    """

    rank: ClassVar[int] = 1
    size: int = param("How many steps come out.", default=2, min=1, max=65_536)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5, 2),))
        yield Example(cls(size=3), ((2, 3),))
