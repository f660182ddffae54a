"""The largest value of every channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from engine.arrays import Shape, describe
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.global_max_pool import GlobalMaxPool


class GlobalMaxPool2D(GlobalMaxPool):
    """Keeps the largest value of every channel of an image, wherever it is.

    ONNX: GlobalMaxPool and Flatten. PyTorch: amax over the pixels.
    """

    axes: ClassVar[tuple[int, ...]] = (2, 3)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"GlobalMaxPool2D takes an image (channels × height × width), not {describe(x)}.")
        return (x[0],)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", g.op("GlobalMaxPool", x), axis=1)

    def torch(self, x: Shape) -> str:
        return "x.amax((2, 3))"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 4),))
