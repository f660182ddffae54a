"""What the global maxima of series and images have in common."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Layer, Scratch


class GlobalMaxPool(Layer, abstract=True):
    """A layer that keeps the largest value over some axes; of several each gets its share of the gradient."""

    category = "Pooling"
    axes: ClassVar[tuple[int, ...]]

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"share": Scratch(self.shape(x))}

    def _wide(self, values: Array) -> Array:
        return np.expand_dims(values, self.axes)

    def forward(self, x: Array, y: Array) -> None:
        np.max(x, axis=self.axes, out=y)

    def backward(self, x: Array, y: Array, share: Array, grad_y: Array, grad_x: Array) -> None:
        np.equal(x, self._wide(y), out=grad_x)
        np.sum(grad_x, axis=self.axes, out=share)
        np.divide(grad_y, share, out=share)
        np.multiply(grad_x, self._wide(share), out=grad_x)
