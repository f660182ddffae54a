"""The largest value of every channel of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.kernels.global_maximum import largest, largest_back
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError


class GlobalMaxPool3D(Layer):
    """Takes the largest value of every channel over the whole volume: whether a feature is there, not where.

    Of equal values the first gets the gradient. ONNX: GlobalMaxPool. PyTorch: amax over all three sides.
    """

    category = "Pooling"

    def shape(self, x: Shape) -> Shape:
        if len(x) != 4:
            raise ShapeError(f"GlobalMaxPool3D takes a volume (channels × depth × height × width), not {describe(x)}.")
        return (x[0],)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"place": Scratch((x[0],), dtype="intp")}

    def forward(self, x: Array, place: Array, y: Array) -> None:
        largest(_voxels(x), place, y)

    def backward(self, place: Array, grad_y: Array, grad_x: Array) -> None:
        largest_back(grad_y, place, _voxels(grad_x)[:, :, None])

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Flatten", g.op("GlobalMaxPool", x), axis=1)

    def torch(self, x: Shape) -> str:
        return "x.amax((2, 3, 4))"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 4, 5),))


def _voxels(x: Array) -> Array:
    """Return volumes (N, C, D, H, W) as (N, D·H·W, C)."""
    return x.reshape(*x.shape[:2], -1).transpose(0, 2, 1)
