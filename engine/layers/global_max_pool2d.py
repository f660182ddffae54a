"""The largest value of every channel."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.global_pool import GlobalMax


class GlobalMaxPool2D(GlobalMax):
    """Takes the largest value of every channel over the whole image: whether a feature is there, not where.

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over both sides.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
