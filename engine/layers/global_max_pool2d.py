"""The largest value of every channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.kernels.global_maximum import largest, largest_back
from engine.kernels.memory import channels_last
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError


class GlobalMaxPool2D(Layer):
    """Takes the largest value of every channel over the whole image: whether a feature is there, not where.

    Formula: y[c] = max x[c, i, j] over all pixels.

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over both sides.

    Use it where it matters whether a feature occurs anywhere in the image. Avoid it with noisy images, where one wrong
    pixel decides: take GlobalAveragePool2D.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"GlobalMaxPool2D takes an image (channels × height × width), not {describe(x)}.")
        return (x[0],)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"place": Scratch((x[0],), dtype="intp")}

    def forward(self, x: Array, place: Array, y: Array) -> None:
        largest(channels_last(x).reshape(len(x), -1, x.shape[1]), place, y)

    def backward(self, place: Array, grad_y: Array, grad_x: Array) -> None:
        largest_back(grad_y, place, channels_last(grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", g.op("GlobalMaxPool", x), axis=1)

    def torch(self, x: Shape) -> str:
        return "x.amax((2, 3))"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
