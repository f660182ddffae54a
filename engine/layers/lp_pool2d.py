"""The length of each window."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.lp_pool import LpPool
from engine.layers.pool_sides import Pool2D


class LpPool2D(Pool2D, LpPool):
    """Takes the length of each window: y = (Σ |x|^p)^(1/p). A small p is near the sum, a large one near the maximum.

    Where a window holds nothing but zeros, no gradient goes back. Sermanet, Chintala and LeCun, 2012. ONNX: LpPool.
    PyTorch: nn.LPPool2d of |x|.

    Use it between mean and maximum: p of 2 measures the energy of a window. Avoid it where inputs may be all zero in
    whole windows and must still learn.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(p=3, kernel=(3, 2), stride=(1, 2), padding=(1, 0)), ((2, 4, 4),))
        yield Example(cls(p=1), ((1, 2, 5),))
        yield Example(cls(stride=(1, 1), padding=(1, 1)), ((1, 2, 2),))
        yield Example(cls(kernel=(3, 2), padding=(1, 0), ceil=True), ((2, 4, 5),))
