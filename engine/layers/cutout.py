"""Images and series with a random hole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.layer import Example, Scratch
from engine.layers.augmentation import Augmentation, picture, pictures, span
from engine.spec import param


class Cutout(Augmentation):
    """While training, sets a random rectangle of every image to zero, or a random span of every series.

    Formula: y = M x, M 0 in the rectangle and 1 elsewhere.

    Its middle may lie anywhere, so it can reach beyond the border; with standardised data zero is the mean. DeVries and
    Taylor, 2017. ONNX: nothing. PyTorch: nothing; torchvision's RandomErasing.

    Use it so that no single part of a picture can be relied on. Avoid it where the part that matters is small: it may be
    gone.
    """

    size: float = param("Its sides, as a share of the image's.", default=0.4, min=0.0, max=1.0)
    rate: float = param("The share of samples that get one.", default=1.0, min=0.0, max=1.0)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"drawn": Scratch((3,)), "mask": Scratch(picture(x)[:2])}

    def forward(self, x: Array, drawn: Array, mask: Array, rng: Generator, training: bool, y: Array) -> None:
        if not training:
            y[...] = x
            return
        rng.random(out=drawn, dtype=drawn.dtype)
        height, width = mask.shape[1:]
        down = self._hit(drawn[:, 0], height) & (drawn[:, 2] < self.rate)[:, None]
        np.logical_and(down[:, :, None], self._hit(drawn[:, 1], width)[:, None], out=mask)
        np.subtract(1, mask, out=mask)
        np.multiply(pictures(x), mask[..., None], out=pictures(y))

    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> None:
        np.multiply(pictures(grad_y), mask[..., None], out=pictures(grad_x))

    def _hit(self, drawn: Array, size: int) -> Array:
        return span(drawn, np.full(len(drawn), round(self.size * size)), size)

    def summary(self) -> str:
        return f"{self.size:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(size=0.6, rate=0.6), ((1, 5, 5),))
        yield Example(cls(), ((6, 3),))
