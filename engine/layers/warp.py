"""What augmentations have in common that move the pixels of a picture."""

from __future__ import annotations

from typing import ClassVar

from engine.arrays import Array, Generator, Shape
from engine.kernels import sampling
from engine.layer import Scratch
from engine.layers.augmentation import Augmentation, picture, pictures
from engine.spec import param


class Warp(Augmentation, abstract=True):
    """Reads every pixel at another place, between four pixels of the picture, with bilinear weights.

    `draws` says how many numbers from 0 to 1 a sample draws, `aim` what they mean.
    """

    draws: ClassVar[int] = 1
    beyond: str = param(
        "What is seen beyond the border: its last pixels, the picture reflected, or zeros.",
        default="edge",
        choices=("edge", "reflection", "zeros"),
    )

    def aim(self, drawn: Array, aim: Array, height: int, width: int) -> None:
        """Write the matrices (N, 2, 3), which hold zeros: the place that a pixel is read from is matrix @ (row, column, 1).

        Rows and columns count from the middle of the picture; `drawn` is (draws, N).
        """
        raise NotImplementedError

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        height, width, channels = picture(x)
        plane, whole = Scratch((height, width)), (height, width, channels)
        bordered = sampling.bordered(height, width, channels)
        return {
            "drawn": Scratch((self.draws,)),
            "matrix": Scratch((2, 3)),
            "rows": plane,
            "columns": plane,
            "weight": plane,
            "index": Scratch((height, width), dtype="intp"),
            "taken": Scratch(whole),
            "padded": Scratch(bordered, kept=True),
            "places": Scratch(whole, dtype="intp"),
            "back_padded": Scratch(bordered),
        }

    def forward(
        self,
        x: Array,
        drawn: Array,
        matrix: Array,
        rows: Array,
        columns: Array,
        weight: Array,
        index: Array,
        taken: Array,
        padded: Array,
        rng: Generator,
        training: bool,
        y: Array,
    ) -> None:
        if not training:
            y[...] = x
            return
        height, width = rows.shape[1:]
        rng.random(out=drawn, dtype=drawn.dtype)
        matrix[...] = 0
        self.aim(drawn.T, matrix, height, width)
        sampling.aim_at(matrix, rows, columns)
        sampling.hold(rows, height, self.beyond)
        sampling.hold(columns, width, self.beyond)
        sampling.locate(rows, columns, weight, index)
        sampling.inside(padded)[...] = pictures(x)
        sampling.sample(padded, rows, columns, weight, index, taken, pictures(y))

    def backward(
        self,
        rows: Array,
        columns: Array,
        weight: Array,
        index: Array,
        taken: Array,
        places: Array,
        back_padded: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> None:
        sampling.sample_back(pictures(grad_y), rows, columns, weight, index, taken, places, back_padded)
        pictures(grad_x)[...] = sampling.inside(back_padded)
