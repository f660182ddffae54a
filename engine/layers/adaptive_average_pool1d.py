"""Means that make a series of a wanted length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.adaptive_average_pool import AdaptiveAveragePool
from engine.spec import param


class AdaptiveAveragePool1D(AdaptiveAveragePool):
    """Takes means over windows that it chooses itself, so that every series comes out in one size.

    Formula: y[i, f] = mean of x[t, f] over ⌊i · n / m⌋ ≤ t < ⌈(i + 1) · n / m⌉, where n steps become m.

    ONNX: MatMul. PyTorch: nn.AdaptiveAvgPool1d.

    Use it between convolutions and a Dense, where series of another length must do without new weights. Avoid it where
    GlobalAveragePool1D is enough: it leaves fewer weights to the Dense.
    """

    rank: ClassVar[int] = 1
    size: int = param("How many steps come out.", default=2, min=1, max=65_536)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5, 2),))
        yield Example(cls(size=3), ((2, 3),))
