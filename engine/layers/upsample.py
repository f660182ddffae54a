"""Larger images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import channels_last
from engine.kernels.resizing import repeating, repeating_back, room, stretching, stretching_back
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
        flat = Scratch((room(x, self.factor),), batched=False)
        more = {"tall": flat, "work": flat, "back_work": flat} if self.mode == "bilinear" else {}
        return {"back_tall": flat} | more

    @prepared
    def forward(self, x: Array, tall: Array | None, work: Array | None, y: Array) -> Run:
        image, out = channels_last(x), channels_last(y)
        if tall is None or work is None:
            return in_turn(repeating(image, self.factor, out))
        return in_turn(stretching(image, self.factor, tall, work, out))

    @prepared
    def backward(self, back_tall: Array, back_work: Array | None, grad_y: Array, grad_x: Array) -> Run:
        grad, out = channels_last(grad_y), channels_last(grad_x)
        if back_work is None:
            return in_turn(repeating_back(grad, self.factor, back_tall, out))
        return in_turn(stretching_back(grad, self.factor, back_tall, back_work, out))

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
