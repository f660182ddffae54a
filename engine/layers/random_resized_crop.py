"""Parts of images and series in full size, chosen by chance."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.layer import Example
from engine.layers.warp import Warp
from engine.spec import param


class RandomResizedCrop(Warp):
    """While training, cuts a part of random size and place out of every image and stretches it to the full size.

    Formula: y[p] = x[S p + d], S the sides of the part as shares of the image's.

    The part has a share of the area drawn evenly from `smallest` to 1, and is up to `stretch` times wider or higher than
    the image; of a series it is a span of steps. Szegedy et al., 2015. ONNX: nothing. PyTorch: nothing; torchvision's
    RandomResizedCrop.

    Use it behind an Input with photographs, where things come in all sizes and at all places. Avoid it where a part does
    not tell what the whole is.
    """

    draws: ClassVar[int] = 4
    smallest: float = param("The smallest part, as a share of the area.", default=0.5, min=0.01, max=1.0)
    stretch: float = param("How many times wider or higher it may be, in proportion.", default=1.33, min=1.0, max=4.0)

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        area = self.smallest + (1 - self.smallest) * drawn[0]
        wider = np.exp((2 * drawn[1] - 1) * log(self.stretch)) if height > 1 else area
        parts = np.minimum(np.sqrt([area / wider, area * wider]), 1)  # (2, N), shares of height and width
        aim[:, 0, 0], aim[:, 1, 1] = parts
        room = (1 - parts) / 2 * [[height], [width]]
        aim[:, :, 2] = ((2 * drawn[2:] - 1) * room).T

    def summary(self) -> str:
        return f"from {self.smallest:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(smallest=0.1, beyond="zeros"), ((6, 3),))
        yield Example(cls(smallest=0.2, stretch=3.0, beyond="reflection"), ((1, 6, 6),))
