"""A wider axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.reshaping import picking
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.along_axis import AlongAxis
from engine.problems import Change
from engine.spec import param


@lru_cache(maxsize=256)
def _places(size: int, before: int, after: int, mode: str) -> Array:
    """Return which place of the axis each place of the wider one repeats."""
    return np.pad(np.arange(size), (before, after), mode="reflect" if mode == "reflect" else "edge")


class Pad(AlongAxis):
    """Makes one axis wider: by a constant, by its mirror image, or by its outermost value.

    Formula: y[i] = x[i - before], and the chosen filling outside of x.

    Zeros before the steps of a series make a convolution causal. ONNX: Pad. PyTorch: F.pad.

    Use it before a "valid" convolution, to decide what lies beyond the edge. Avoid it where a convolution's own
    padding does the same.
    """

    before: int = param("How many values come before.", default=1, min=0, max=10_000)
    after: int = param("How many values come after.", default=1, min=0, max=10_000)
    mode: str = param(
        "What they are: a constant, the mirror image at the edge, or the edge itself.",
        default="constant",
        choices=("constant", "reflect", "edge"),
    )
    value: float = param("The constant.", default=0.0, min=-1e9, max=1e9, advanced=True)

    def shape(self, x: Shape) -> Shape:
        size = self.checked(x)
        if self.mode == "reflect" and max(self.before, self.after) >= size:
            raise ShapeError(
                f"A mirror image of {size} values has {size - 1} at most, not {max(self.before, self.after)}. Pad less.",
                Change("mode", "edge"),
            )
        return self.resized(x, self.before + size + self.after)

    def _inner(self, size: int) -> tuple[Any, ...]:
        return self.along(slice(self.before, self.before + size))

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        size = x.shape[self.axis]
        if self.mode != "constant":
            return picking(x, self.axis, _places(size, self.before, self.after, self.mode), y)
        low, high = y[self.along(slice(self.before))], y[self.along(slice(self.before + size, None))]
        ends = (partial(np.copyto, end, self.value) for end in (low, high))
        return in_turn((*ends, partial(np.copyto, y[self._inner(size)], x)))

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        inner = partial(np.copyto, grad_x, grad_y[self._inner(grad_x.shape[self.axis])])
        return inner if self.mode == "constant" else in_turn((inner, *self._from_ends(grad_y, grad_x)))

    def _from_ends(self, grad_y: Array, grad_x: Array) -> Iterator[Run]:
        """Yield calls that add the gradients of what was padded to those of the values that it repeats."""
        size = grad_x.shape[self.axis]
        low, high = grad_y[self.along(slice(self.before))], grad_y[self.along(slice(self.before + size, None))]
        if self.mode == "edge":
            for end, place in ((low, slice(1)), (high, slice(-1, None))):
                part = grad_x[self.along(place)]
                sums = np.empty_like(part)
                yield partial(np.add.reduce, end, self.axis, None, sums, True)
                yield partial(np.add, part, sums, part)
        else:
            places = (slice(1, self.before + 1), slice(size - 1 - self.after, size - 1))
            for end, place in zip((low, high), places, strict=True):
                part = grad_x[self.along(place)]
                yield partial(np.add, part, np.flip(end, self.axis), part)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        rank = len(g.shape("x")) + 1
        pads = np.zeros(2 * rank, np.int64)
        pads[[self.axis, rank + self.axis]] = self.before, self.after
        value = [g.constant(np.float32(self.value))] if self.mode == "constant" else []
        return g.op("Pad", x, g.constant(pads), *value, mode=self.mode)

    def torch(self, x: Shape) -> str:
        if self.mode != "constant":
            places = _places(x[self.axis - 1], self.before, self.after, self.mode).tolist()
            return f"x[{':, ' * self.axis}{places}]"
        pads = (0, 0) * (len(x) - self.axis) + (self.before, self.after)
        return f"F.pad(x, {pads}, value={self.value})"

    def summary(self) -> str:
        return f"axis {self.axis} · {self.before}, {self.after}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(before=2, after=0), ((3, 2),))
        yield Example(cls(axis=3, value=0.5), ((2, 3, 2),))
        yield Example(cls(axis=2, before=2, mode="reflect"), ((2, 3, 3),))
        yield Example(cls(before=0, after=3, mode="edge"), ((4,),))
