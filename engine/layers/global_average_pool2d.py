"""The mean of every channel."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.global_pool import GlobalAverage


class GlobalAveragePool2D(GlobalAverage):
    """Takes the mean of every channel over the whole image, so that a Dense may follow.

    Formula: y[c] = Σ x[c, i, j] / (H · W).

    Lin, Chen and Yan, 2014. ONNX: GlobalAveragePool. PyTorch: mean over both sides.

    Use it at the end of convolutions in place of Flatten: no weights, any size of image. Avoid it where the place of a
    feature matters for the answer.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
