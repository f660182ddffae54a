"""Larger images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.kernels.resizing import COLUMNS, ROWS, copies, stretch, stretch_back
from engine.layer import Example, Layer, OnnxGraph, Scratch
from engine.layers.sided import check_rank
from engine.spec import param


class Upsample(Layer):
    """Enlarges an image by whole factors: every pixel repeated, or straight lines between the middles of pixels.

    Formula: nearest: y[c, i, j] = x[c, ⌊i / f⌋, ⌊j / f⌋].

    ONNX: Resize. PyTorch: nn.Upsample.

    Use it in decoders, before a Conv2D. Avoid it where detail must be invented: ConvTranspose2D and PixelShuffle learn
    how.
    """

    category = "Convolution"
    factor: tuple[int, int] = param("How many times higher and wider.", default=(2, 2), min=1, max=32)
    mode: str = param(
        "How new pixels come about: the nearest one, or a mixture of the four around.",
        default="nearest",
        choices=("nearest", "bilinear"),
    )

    def shape(self, x: Shape) -> Shape:
        check_rank("Upsample", 2, x)
        return (x[0], x[1] * self.factor[0], x[2] * self.factor[1])

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        if self.mode == "nearest":
            return {}
        tall = Scratch((x[1] * self.factor[0], x[2], x[0]))
        return {"tall": tall, "work": tall, "back_tall": tall, "back_work": tall}

    def forward(self, x: Array, tall: Array | None, work: Array | None, y: Array) -> None:
        image, out = channels_last(x), channels_last(y)
        if tall is None or work is None:
            for part in copies(out, self.factor):
                part[...] = image
            return
        small = work.reshape(-1)[: image.size].reshape(image.shape)
        stretch(image, ROWS, self.factor[0], small, tall)
        stretch(tall, COLUMNS, self.factor[1], work, out)

    def backward(self, back_tall: Array | None, back_work: Array | None, grad_y: Array, grad_x: Array) -> None:
        grad, out = channels_last(grad_y), channels_last(grad_x)
        if back_tall is None or back_work is None:
            out[...] = 0
            for part in copies(grad, self.factor):
                np.add(out, part, out=out)
            return
        stretch_back(grad, COLUMNS, self.factor[1], back_work, back_tall)
        small = back_work.reshape(-1)[: out.size].reshape(out.shape)
        stretch_back(back_tall, ROWS, self.factor[0], small, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        scales = g.constant(np.array([1, 1, *self.factor], np.float32))
        if self.mode == "bilinear":
            return g.op("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
        how: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return g.op("Resize", x, "", scales, mode="nearest", **how)

    def torch(self, x: Shape) -> str:
        return f'nn.Upsample(scale_factor={self.factor}, mode="{self.mode}")'

    def summary(self) -> str:
        return f"× {describe(self.factor)}" + (" · bilinear" if self.mode == "bilinear" else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 3, 2),))
        yield Example(cls(factor=(1, 3)), ((1, 2, 2),))
        yield Example(cls(mode="bilinear"), ((2, 3, 2),))
        yield Example(cls(factor=(3, 1), mode="bilinear"), ((1, 2, 3),))
