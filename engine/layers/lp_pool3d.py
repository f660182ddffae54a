"""The length of each window of a volume."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.lp_pool import LpPool
from engine.layers.pool_sides import Pool3D


class LpPool3D(Pool3D, LpPool):
    """Takes the length of each window of a volume: y = (Σ |x|^p)^(1/p).

    A small p is near the sum, a large one near the maximum. Where a window holds nothing but zeros, no gradient goes
    back. Sermanet, Chintala and LeCun, 2012. ONNX: LpPool. PyTorch: nn.LPPool3d of |x|.

    Use it for something between mean and maximum. Avoid it as a first choice: MaxPool3D and AveragePool3D are faster.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((1, 2, 4, 3),))
        yield Example(cls(p=3, kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), ((1, 2, 3, 3),))
        yield Example(cls(p=1, kernel=(2, 2, 1), ceil=True), ((1, 3, 3, 1),))
