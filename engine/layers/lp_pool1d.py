"""The length of each stretch of a series."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.lp_pool import LpPool
from engine.layers.pool_sides import Pool1D


class LpPool1D(Pool1D, LpPool):
    """Takes the length of each window of a series: y = (Σ |x|^p)^(1/p).

    A small p is near the sum, a large one near the maximum. Where a window holds nothing but zeros, no gradient goes
    back. Sermanet, Chintala and LeCun, 2012. ONNX: LpPool. PyTorch: nn.LPPool1d of |x|.

    Use it for something between mean and maximum, say for the strength of a signal in each stretch. Avoid it as a first
    choice: MaxPool1D and AveragePool1D are faster.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2),))
        yield Example(cls(p=3, kernel=3, stride=2, padding=1), ((5, 3),))
        yield Example(cls(kernel=3, ceil=True), ((6, 1),))
