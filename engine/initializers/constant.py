"""The same first value everywhere."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer
from engine.spec import param


class Constant(Initializer):
    """Every value the same. All units of a layer then learn the same, so it rarely suits weights.

    Formula: w = value.

    PyTorch: nn.init.constant_.

    Use it for biases and scales. Avoid it for weights: all units of a layer would learn the same.
    """

    value: float = param("The value.", default=0.0, min=-1e6, max=1e6)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return np.full(shape, self.value, np.float64)

    def torch(self) -> str:
        return f"nn.init.constant_(w, {self.value})"
