"""What gated units have in common: one half of the features weighs the other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid_calls
from engine.kernels.memory import features_last, shaped, stored
from engine.kernels.reductions import block_values, row_blocks
from engine.layer import Example, Layer, Scratch, ShapeError


class Gated(Layer, abstract=True):
    """A layer y = a · f(b) or y = f(a) · b, where a and b are the first and second half of the features."""

    category = "Activation"
    apart = "step"
    first: ClassVar[bool] = False  # whether the first half is the one that is bent

    def bend(self, x: Array, chance: Array, by: Array, out: Array) -> Iterator[Run]:
        """Yield calls that write f(x) · by; `chance` is σ(x)."""
        raise NotImplementedError

    def slope(self, x: Array, chance: Array, out: Array) -> Iterator[Run]:
        """Yield calls that write the derivative f'(x)."""
        raise NotImplementedError

    def axis(self, x: Shape) -> int:
        """Return the axis of one sample that is halved: the channels of an image, else the features."""
        return 0 if len(x) == 3 else len(x) - 1

    def shape(self, x: Shape) -> Shape:
        name = type(self).__name__
        if len(x) not in (1, 2, 3):
            raise ShapeError(f"{name} takes a vector, a series or an image, not {describe(x)}.")
        axis = self.axis(x)
        if x[axis] % 2:
            raise ShapeError(
                f"{name} halves the features, but {x[axis]} is odd. Give the layer before it an even number."
            )
        return (*x[:axis], x[axis] // 2, *x[axis + 1 :])

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        half = self.shape(x)
        width = half[self.axis(half)]
        return {"chance": Scratch(stored(half)), "work": Scratch((block_values(2 * width),), batched=False)}

    def _halves(self, rows: Array) -> tuple[Array, Array]:
        """Return the half that is bent, and the other one."""
        middle = rows.shape[1] // 2
        a, b = rows[:, :middle], rows[:, middle:]
        return (a, b) if self.first else (b, a)

    @prepared
    def forward(self, x: Array, chance: Array, y: Array) -> Run:
        calls: list[Run] = []
        for rows, share, out in row_blocks(_rows(x), _flat(chance), _rows(y)):
            bent, plain = self._halves(rows)
            calls += (*sigmoid_calls(bent, share), *self.bend(bent, share, plain, out))
        return in_turn(calls)

    @prepared
    def backward(self, x: Array, chance: Array, work: Array, grad_y: Array, grad_x: Array) -> Run:
        calls: list[Run] = []
        for rows, share, grad, out in row_blocks(_rows(x), _flat(chance), _rows(grad_y), _rows(grad_x)):
            (bent, plain), (grad_bent, grad_plain) = self._halves(rows), self._halves(out)
            slope = shaped(work, share.shape)
            calls += (*self.bend(bent, share, grad, grad_plain), *self.slope(bent, share, slope))
            calls += (partial(np.multiply, slope, plain, slope), partial(np.multiply, slope, grad, grad_bent))
        return in_turn(calls)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6,),))
        yield Example(cls(), ((3, 4),))
        yield Example(cls(), ((4, 2, 3),))


def _flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def _rows(x: Array) -> Array:
    return _flat(features_last(x))
