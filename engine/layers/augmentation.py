"""What layers have in common that show the network slightly different samples in every epoch."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.layer import OnnxGraph, Pointwise, ShapeError


class Augmentation(Pointwise, abstract=True):
    """Changes each sample by chance while training, and nothing afterwards.

    A series counts as a picture of one row: its steps are the columns, its features the channels.
    """

    category = "Augmentation"
    idle = True
    takes_series: ClassVar[bool] = True

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3 and not (len(x) == 2 and self.takes_series):
            wanted = "an image or a series" if self.takes_series else "an image (channels × height × width)"
            raise ShapeError(
                f"{type(self).__name__} takes {wanted}, not {describe(x)}. Put it right behind such an Input."
            )
        return x

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return "nn.Identity()"


def pictures(x: Array) -> Array:
    """Return images, or series as pictures of one row, as a view (N, H, W, C)."""
    return channels_last(x) if x.ndim == 4 else x[:, None]


def picture(x: Shape) -> tuple[int, int, int]:
    """Return height, width and channels of one sample as a picture."""
    return (x[1], x[2], x[0]) if len(x) == 3 else (1, x[0], x[1])


def span(drawn: Array, length: Array, size: int) -> Array:
    """Return which pixels along an axis (N, size) lie in a span of that length about a middle drawn from 0 to 1.

    The only pixel of an axis always does, as of a series.
    """
    if size == 1:
        return np.ones((len(drawn), 1), bool)
    start = np.floor(drawn * size) - length // 2
    from_start = np.arange(size) - start[:, None]
    hit: Array = (from_start >= 0) & (from_start < length[:, None])
    return hit
