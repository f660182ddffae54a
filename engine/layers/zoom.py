"""Images and series made larger or smaller by chance."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Array
from engine.layer import Example
from engine.layers.warp import Warp
from engine.spec import param


class Zoom(Warp):
    """While training, enlarges or shrinks every image about its middle by a random factor, and stretches every series.

    Formula: y[p] = x[p / z], z between two factors.

    Places p count from the middle; factors are drawn evenly, and height and width have the same one. ONNX: nothing.
    PyTorch: nothing; torchvision's RandomAffine.

    Use it behind an Input whose objects are near or far. Avoid it where size is what tells classes apart.
    """

    factors: tuple[float, float] = param(
        "The smallest and the largest factor; above 1 enlarges.", default=(0.9, 1.1), min=0.05, max=20.0
    )

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        smallest, largest = self.factors
        aim[:, 0, 0] = aim[:, 1, 1] = 1 / (smallest + (largest - smallest) * drawn[0])

    def summary(self) -> str:
        return "× {:g} to {:g}".format(*self.factors)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(factors=(0.5, 2.0)), ((2, 4, 5),))
        yield Example(cls(factors=(0.5, 1.5), beyond="zeros"), ((6, 3),))
        yield Example(cls(beyond="reflection"), ((1, 8, 8),))
