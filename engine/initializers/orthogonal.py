"""Orthogonal first values, for recurrent and very deep networks."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer
from engine.spec import param


class Orthogonal(Initializer):
    """A random matrix that keeps lengths and angles: its rows, or its columns where they are fewer, are orthonormal.

    Formula: w wᵀ = gain² · 1.

    Axes after the first count as columns. Saxe, McClelland and Ganguli, 2014. PyTorch: nn.init.orthogonal_.

    Use it for recurrent weights and very deep networks. Avoid it for very large weights, which take long to draw.
    """

    gain: float = param("What every value is multiplied by.", default=1.0, min=1e-6, max=1e3)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        rows = shape[0] if shape else 1
        columns = int(np.prod(shape)) // rows
        normal = rng.normal(size=(max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q *= np.copysign(self.gain, np.diag(r))  # without the signs of r the draw would not be uniform
        return (q if rows >= columns else q.T).reshape(shape)

    def torch(self) -> str:
        return f"nn.init.orthogonal_(w, gain={self.gain})"
