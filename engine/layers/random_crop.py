"""Images and series cut out of a larger frame by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.layer import Example
from engine.layers.warp import Warp
from engine.spec import param


class RandomCrop(Warp):
    """While training, widens every image by a border and cuts a piece of its own size out of it, at a random place.

    Formula: y[p] = x[p + d], d a whole number of pixels from -border to border.

    A series is widened in time. It is the augmentation of He et al., 2016. ONNX: nothing. PyTorch: nothing; torchvision's
    RandomCrop with padding.

    Use it behind an Input with small images: it moves them without blur. Avoid it with images of few pixels, of which a
    border of two takes a large part away.
    """

    draws: ClassVar[int] = 2
    border: tuple[int, int] = param(
        "Pixels of border above and below, and left and right; a series takes the second, in steps.",
        default=(2, 2),
        min=0,
        max=4096,
    )

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        aim[:, 0, 0] = aim[:, 1, 1] = 1
        border = np.array([self.border[0] * (height > 1), self.border[1]])
        aim[:, :, 2] = np.floor(drawn.T * (2 * border + 1)) - border

    def summary(self) -> str:
        return "± {} · ± {}".format(*self.border)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(border=(0, 3), beyond="zeros"), ((6, 3),))
        yield Example(cls(border=(1, 4), beyond="reflection"), ((1, 5, 3),))
