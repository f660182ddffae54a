"""Images and series mirrored by chance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.layer import Example, Scratch, ShapeError
from engine.layers.augmentation import Augmentation, pictures
from engine.problems import Change
from engine.spec import param


class Flip(Augmentation):
    """While training, mirrors every image by chance: left and right, top and bottom, or each; of a series the steps.

    Formula: y[i, j] = x[i, W - 1 - j] for a random share of samples; rows likewise.

    In both directions each is drawn by itself. ONNX: nothing. PyTorch: nothing; torchvision's RandomHorizontalFlip and
    RandomVerticalFlip.

    Use it behind an Input with photographs: it doubles the data. Avoid it where a mirrored picture means something else,
    as with letters, or where time has a direction.
    """

    direction: str = param(
        "What changes places: left and right (of a series the first step and the last), top and bottom, or both.",
        default="horizontal",
        choices=("horizontal", "vertical", "both"),
    )
    rate: float = param("The share of samples that are mirrored, in each direction.", default=0.5, min=0.0, max=1.0)

    def shape(self, x: Shape) -> Shape:
        if len(x) == 2 and self.direction != "horizontal":
            raise ShapeError(
                "Flip mirrors a series in time only, which is the horizontal direction. Choose that one.",
                Change("direction", "horizontal"),
            )
        return super().shape(x)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"drawn": Scratch((2,))}

    def forward(self, x: Array, drawn: Array, rng: Generator, training: bool, y: Array) -> None:
        if not training:
            y[...] = x
            return
        rng.random(out=drawn, dtype=drawn.dtype)
        self._mirror(pictures(x), drawn, pictures(y))

    def backward(self, drawn: Array, grad_y: Array, grad_x: Array) -> None:
        self._mirror(pictures(grad_y), drawn, pictures(grad_x))

    def _mirror(self, x: Array, drawn: Array, y: Array) -> None:
        """Copy every sample as it is, then once more those that are mirrored."""
        rates = (self.rate * (self.direction != "horizontal"), self.rate * (self.direction != "vertical"))
        down, across = np.less(drawn, rates).T[:, :, None, None, None]  # (N, 1, 1, 1) each
        y[...] = x
        if self.direction != "vertical":
            np.copyto(y, x[:, :, ::-1], where=across & ~down)
        if self.direction != "horizontal":
            np.copyto(y, x[:, ::-1], where=down & ~across)
        if self.direction == "both":
            np.copyto(y, x[:, ::-1, ::-1], where=down & across)

    def summary(self) -> str:
        return f"{self.direction} · {self.rate:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 3, 4),))
        yield Example(cls(direction="both"), ((1, 3, 3),))
        yield Example(cls(direction="vertical", rate=0.4), ((2, 4, 2),))
        yield Example(cls(), ((5, 3),))
