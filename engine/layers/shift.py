"""Images and series moved by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.layer import Example
from engine.layers.warp import Warp
from engine.spec import param


class Shift(Warp):
    """While training, moves every image up or down and left or right by a random distance, and every series in time.

    Formula: y[p] = x[p + d], d from -share to share of the height and the width.

    Distances are drawn evenly; between pixels it mixes neighbours. ONNX: nothing. PyTorch: nothing; torchvision's
    RandomAffine.

    Use it behind an Input whose objects need not lie in the middle. Avoid it where a place has a meaning, as in tables or
    on maps.
    """

    draws: ClassVar[int] = 2
    share: tuple[float, float] = param(
        "The longest distance, as a share of the height and of the width; a series takes the second, of its steps.",
        default=(0.1, 0.1),
        min=0.0,
        max=1.0,
    )

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        aim[:, 0, 0] = aim[:, 1, 1] = 1
        farthest = np.array([self.share[0] * height * (height > 1), self.share[1] * width], aim.dtype)
        aim[:, :, 2] = (2 * drawn.T - 1) * farthest

    def summary(self) -> str:
        return " · ".join(f"± {share:.0%}" for share in self.share)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(share=(0.3, 0.5)), ((2, 4, 5),))
        yield Example(cls(share=(0.0, 0.5), beyond="zeros"), ((6, 3),))
        yield Example(cls(beyond="reflection"), ((1, 8, 8),))
