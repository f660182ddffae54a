"""The same values in another shape."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, prepared
from engine.kernels.reshaping import copying_in_order
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.problems import Change
from engine.spec import param


class Reshape(Layer):
    """Gives the values of a sample another shape; their order stays, the last axis runs fastest.

    Formula: y = x in the same order, another shape.

    ONNX: Reshape. PyTorch: reshape.

    Use it to make an image or a series out of a vector. Avoid it to exchange axes: it keeps the order of values,
    Transpose and Permute do not.
    """

    category = "Dense"
    straight = "passes"
    size: tuple[int, ...] = param(
        "The new shape of one sample. One entry may be -1: what is left over.",
        default=(-1,),
        min=-1,
        max=1_000_000,
    )

    def shape(self, x: Shape) -> Shape:
        known, count = prod(n for n in self.size if n != -1), prod(x)
        if 0 in self.size or self.size.count(-1) > 1:
            text = "Reshape needs sizes of at least 1, of which one may be left open as -1. Change the others."
            raise ShapeError(text, Change("size", (-1,)))
        if count != known and (-1 not in self.size or count % known):
            wanted = describe(tuple(self.size)).replace("-1", "?")
            raise ShapeError(
                f"Reshape cannot make {wanted} out of {describe(x)}, which has {count} values. "
                "Choose sizes whose product is that.",
                Change("size", x or (1,)),
            )
        return tuple(count // known if n == -1 else n for n in self.size)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return copying_in_order(x, y)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return copying_in_order(grad_y, grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Reshape", x, g.constant(np.array([0, *self.shape(g.shape("x"))])))  # 0: the batch, as it is

    def torch(self, x: Shape) -> str:
        return f"x.reshape{('x.shape[0]', *self.shape(x))}".replace("'", "")

    def summary(self) -> str:
        return describe(self.size).replace("-1", "?")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(size=(3, -1)), ((6,),))
        yield Example(cls(size=(2, 3, 2)), ((4, 3),))
        yield Example(cls(size=(3, 4)), ((2, 3, 2),))
        yield Example(cls(size=(3, 1, 4)), ((2, 3, 2),))
