"""What gated units have in common: one half of the features weighs the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.layer import Example, Layer, Scratch, ShapeError


class Gated(Layer, abstract=True):
    """A layer y = a · f(b) or y = f(a) · b, where a and b are the first and second half of the features."""

    category = "Activation"
    apart = "step"
    first: ClassVar[bool] = False  # whether the first half is the one that is bent

    def bend(self, x: Array, out: Array) -> None:
        """Write f(x)."""
        raise NotImplementedError

    def slope(self, x: Array, work: Array, out: Array) -> None:
        """Write the derivative f'(x); `work` is like `x`."""
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
        half = (*half[1:], half[0]) if len(x) == 3 else half
        return {"gate": Scratch(half), "work": Scratch(half), "back_gate": Scratch(half)}

    def _halves(self, x: Array) -> tuple[Array, Array]:
        """Return the half that is bent, and the other one."""
        rows = channels_last(x)
        middle = rows.shape[-1] // 2
        a, b = rows[..., :middle], rows[..., middle:]
        return (a, b) if self.first else (b, a)

    def forward(self, x: Array, gate: Array, y: Array) -> None:
        bent, plain = self._halves(x)
        self.bend(bent, gate)
        np.multiply(plain, gate, out=channels_last(y))

    def backward(self, x: Array, work: Array, back_gate: Array, grad_y: Array, grad_x: Array) -> None:
        (bent, plain), (grad_bent, grad_plain) = self._halves(x), self._halves(grad_x)
        grad = channels_last(grad_y)
        self.bend(bent, back_gate)
        np.multiply(grad, back_gate, out=grad_plain)
        self.slope(bent, work, back_gate)
        np.multiply(back_gate, plain, out=back_gate)
        np.multiply(back_gate, grad, out=grad_bent)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6,),))
        yield Example(cls(), ((3, 4),))
        yield Example(cls(), ((4, 2, 3),))
