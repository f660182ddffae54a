"""The largest value of every channel."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.global_pool import GlobalMax


class GlobalMaxPool2D(GlobalMax):
    """Takes the largest value of every channel over the whole image: whether a feature is there, not where.

    Formula: y[c] = max x[c, i, j] over all pixels.

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over both sides.

    Use it where it matters whether a feature occurs anywhere in the image. Avoid it with noisy images, where one wrong
    pixel decides: take GlobalAveragePool2D.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
