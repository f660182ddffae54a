"""Glorot's initializers, for layers before tanh, sigmoid or softmax."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer


class GlorotUniform(Initializer):
    """Uniform within ±√(6 / (fan in + fan out)): keeps the spread of values and gradients.

    Formula: w ~ U(-a, a), where a = √(6 / (fan in + fan out)).

    Glorot and Bengio, 2010. PyTorch: nn.init.xavier_uniform_.

    Use it before Tanh, Sigmoid and Softmax. Avoid it before ReLU, whose values would shrink from layer to layer:
    HeUniform.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        limit = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-limit, limit, shape)

    def torch(self) -> str:
        return "nn.init.xavier_uniform_(w)"


class GlorotNormal(Initializer):
    """Normal with spread √(2 / (fan in + fan out)).

    Formula: w ~ N(0, 2 / (fan in + fan out)).

    Glorot and Bengio, 2010. PyTorch: nn.init.xavier_normal_.

    Use it before Tanh, Sigmoid and Softmax. Avoid it before ReLU, whose values would shrink from layer to layer:
    HeNormal.
    """

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), shape)

    def torch(self) -> str:
        return "nn.init.xavier_normal_(w)"
