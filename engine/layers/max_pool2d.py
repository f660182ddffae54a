"""The largest value of each window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.max_pool import MaxPool
from engine.layers.pool_sides import Pool2D


class MaxPool2D(Pool2D, MaxPool):
    """Keeps the largest value of each window: y = max x over the window.

    Of equal values the uppermost in the leftmost column gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool2d.

    Use it behind convolutions, to halve the image and keep what is strongest. Avoid it where every pixel must be told
    apart later, as in segmentation without shortcuts.
    """

    selects_largest: ClassVar[bool] = True

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(kernel=(3, 2), stride=(1, 2)), ((2, 5, 5),))
        yield Example(cls(kernel=(3, 3), padding=(1, 1)), ((3, 5, 6),))
        yield Example(cls(kernel=(1, 2), stride=(3, 1)), ((2, 5, 4),))
        yield Example(cls(stride=(1, 1), padding=(1, 1)), ((1, 2, 2),))
        yield Example(cls(kernel=(3, 2), padding=(1, 0), ceil=True), ((2, 4, 5),))
