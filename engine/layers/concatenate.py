"""Branches side by side."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.layer import Example, Layer, OnnxGraph, ShapeError
from engine.spec import param


def _word(shape: Shape) -> str:
    return {1: "number of values", 3: "channels"}.get(len(shape), "features")


def _axis(shape: Shape) -> int:
    """Return the axis of one sample along which branches are joined."""
    return 0 if len(shape) == 3 else len(shape) - 1


def _others(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _parts(whole: Array, x: tuple[Array, ...]) -> list[Array]:
    """Return the part of the joined array that belongs to each branch."""
    axis = _axis(whole.shape[1:]) + 1
    ends = list(accumulate(branch.shape[axis] for branch in x))
    starts = [0, *ends[:-1]]
    before = (slice(None),) * axis
    return [whole[(*before, slice(start, end))] for start, end in zip(starts, ends, strict=True)]


class Concatenate(Layer):
    """Puts branches side by side: the values of vectors, the features of series, the channels of images.

    Formula: y = [x1, x2, …].

    ONNX: Concat. PyTorch: torch.cat.

    Use it to join branches that mean different things, or what was seen earlier with what is seen now. Avoid it where
    the branches are versions of the same: Add keeps the width small.
    """

    category = "Merge"
    apart = "step"
    inputs: int = param("How many branches come in.", default=2, min=2, max=64)

    def shape(self, *x: Shape) -> Shape:
        if () in x:
            raise ShapeError("Concatenate joins vectors, series or images, not single numbers. Put a Dense before it.")
        axis = _axis(x[0])
        for i, shape in enumerate(x[1:], 2):
            if len(shape) != len(x[0]) or _others(shape, axis) != _others(x[0], axis):
                raise ShapeError(
                    f"Concatenate needs branches that differ only in their {_word(x[0])}, "
                    f"but x1 is {describe(x[0])} and x{i} is {describe(shape)}. Bring the rest to one size.",
                    port=f"x{i}",
                )
        return (*x[0][:axis], sum(shape[axis] for shape in x), *x[0][axis + 1 :])

    @prepared
    def forward(self, x: tuple[Array, ...], y: Array) -> Run:
        return in_turn(partial(np.copyto, part, source) for part, source in zip(_parts(y, x), x, strict=True))

    @prepared
    def backward(self, x: tuple[Array, ...], grad_y: Array, grad_x: tuple[Array | None, ...]) -> Run:
        pairs = zip(grad_x, _parts(grad_y, x), strict=True)
        return in_turn(partial(np.copyto, grad, part) for grad, part in pairs if grad is not None)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op("Concat", *x, axis=_axis(g.shape("x1")) + 1)

    def torch(self, *x: Shape) -> str:
        return f"torch.cat(({', '.join(self.ports())}), {_axis(x[0]) + 1})"

    def summary(self) -> str:
        return f"{self.inputs} branches" if self.inputs > 2 else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (2,)))
        yield Example(cls(), ((3, 2), (3, 4)))
        yield Example(cls(inputs=3), ((2, 3, 3), (1, 3, 3), (3, 3, 3)))
