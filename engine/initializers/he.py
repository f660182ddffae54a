"""He's initializers, for layers before a rectifier."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer


class HeUniform(Initializer):
    """Uniform within ±√(6 / fan in): keeps the spread of values through rectifiers.

    Formula: w ~ U(-a, a), where a = √(6 / fan in).

    He and others, 2015. PyTorch: nn.init.kaiming_uniform_ with nonlinearity "relu".

    Use it before ReLU and its relatives. Avoid it before Tanh and Sigmoid, which it drives to their ends:
    GlorotUniform.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        limit = np.sqrt(6 / fan_in)
        return rng.uniform(-limit, limit, shape)

    def torch(self) -> str:
        return "nn.init.kaiming_uniform_(w, nonlinearity='relu')"


class HeNormal(Initializer):
    """Normal with spread √(2 / fan in): keeps the spread of values through rectifiers.

    Formula: w ~ N(0, 2 / fan in).

    He and others, 2015. PyTorch: nn.init.kaiming_normal_ with nonlinearity "relu".

    Use it before ReLU and its relatives. Avoid it before Tanh and Sigmoid, which it drives to their ends:
    GlorotNormal.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return rng.normal(0.0, np.sqrt(2 / fan_in), shape)

    def torch(self) -> str:
        return "nn.init.kaiming_normal_(w, nonlinearity='relu')"
