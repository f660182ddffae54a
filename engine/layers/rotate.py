"""Images turned by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.layer import Example
from engine.layers.warp import Warp
from engine.spec import param


class Rotate(Warp):
    """While training, turns every image about its middle by a random angle, either way.

    Formula: y[p] = x[R p], R a rotation by an angle from -degrees to degrees.

    Places p count from the middle of the image; angles are drawn evenly. ONNX: nothing. PyTorch: nothing; torchvision's
    RandomRotation.

    Use it behind an Input whose pictures may be taken at a slant. Avoid it where a turned picture means something else,
    as 6 and 9 do.
    """

    takes_series: ClassVar[bool] = False
    degrees: float = param("The largest angle.", default=15.0, min=0.0, max=180.0, unit="°")

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        angle = (2 * drawn[0] - 1) * np.radians(self.degrees)
        aim[:, 0, 0] = aim[:, 1, 1] = np.cos(angle)
        aim[:, 0, 1] = np.sin(angle)
        aim[:, 1, 0] = -np.sin(angle)

    def summary(self) -> str:
        return f"± {self.degrees:g}°"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(degrees=180.0, beyond="zeros"), ((1, 3, 3),))
        yield Example(cls(degrees=90.0, beyond="reflection"), ((3, 5, 2),))
