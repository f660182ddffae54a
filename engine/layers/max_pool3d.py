"""The largest value of each window of a volume."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.max_pool import MaxPool
from engine.layers.pool_sides import Pool3D


class MaxPool3D(Pool3D, MaxPool):
    """Keeps the largest value of each window of a volume: y = max x over the window.

    Of equal values one gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool3d.

    Use it behind convolutions of volumes and films. Avoid it along an axis with few places: pool the others alone.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 2, 4, 3),))
        yield Example(cls(kernel=(2, 2, 2), stride=(1, 1, 1), padding=(1, 1, 1)), ((1, 1, 2, 2),))
        yield Example(cls(kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), ((1, 2, 3, 3),))
        yield Example(cls(kernel=(1, 2, 3), ceil=True), ((1, 2, 3, 4),))
