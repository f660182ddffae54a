"""LeCun's initializers, for layers before SELU."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer


class LeCunUniform(Initializer):
    """Uniform within ±√(3 / fan in): keeps the spread of values through layers without a rectifier.

    Formula: w ~ U(-a, a), where a = √(3 / fan in).

    LeCun et al., 1998. PyTorch: nn.init.kaiming_uniform_ with nonlinearity "linear".

    Use it before SELU, and before linear layers. Avoid it before ReLU: HeUniform.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        limit = np.sqrt(3 / fan_in)
        return rng.uniform(-limit, limit, shape)

    def torch(self) -> str:
        return "nn.init.kaiming_uniform_(w, nonlinearity='linear')"


class LeCunNormal(Initializer):
    """Normal with spread √(1 / fan in), as SELU wants.

    Formula: w ~ N(0, 1 / fan in).

    LeCun et al., 1998; Klambauer et al., 2017. PyTorch: nn.init.kaiming_normal_ with nonlinearity "linear".

    Use it before SELU, and before linear layers. Avoid it before ReLU: HeNormal.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return rng.normal(0.0, np.sqrt(1 / fan_in), shape)

    def torch(self) -> str:
        return "nn.init.kaiming_normal_(w, nonlinearity='linear')"
