"""First values that change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer
from engine.spec import param


class Identity(Initializer):
    """Each output begins as a copy of one input: ones on the diagonal, in the middle of a filter; zeros elsewhere.

    Formula: w[i, i] = gain, else 0.

    Suits recurrent weights with a rectifier (Le, Jaitly and Hinton, 2015) and very deep convolutions. PyTorch:
    nn.init.eye_ and nn.init.dirac_.

    Use it for recurrent weights with a rectifier, and for very deep convolutions. Avoid it where units start alike:
    they need chance to become different.
    """

    gain: float = param("What the ones are multiplied by.", default=1.0, min=1e-6, max=1e3)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        if len(shape) < 2:
            return np.full(shape, self.gain, np.float64)
        drawn = np.zeros(shape, np.float64)
        same = np.arange(min(shape[:2]))
        place: tuple[Any, ...] = (same, same, *(size // 2 for size in shape[2:]))
        drawn[place] = self.gain
        return drawn

    def torch(self) -> str:
        return f"(nn.init.eye_ if w.dim() == 2 else nn.init.dirac_)(w).mul_({self.gain})"
