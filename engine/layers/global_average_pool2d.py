"""The mean of every channel."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool2D(GlobalAverage):
    """Takes the mean of every channel over the whole image, so that a Dense may follow.

    Lin, Chen and Yan, 2014. ONNX: GlobalAveragePool. PyTorch: mean over both sides.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
