"""First values of a spread that the person chooses."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.initializer import Initializer
from engine.spec import param

CUT = 2.0  # in spreads


class Uniform(Initializer):
    """Uniform within ± a limit, whatever the size of the layer.

    Formula: w ~ U(-limit, limit).

    PyTorch: nn.init.uniform_.

    Use it for embeddings, and to repeat published networks. Avoid it in deep networks, whose layers want a spread that
    suits their size.
    """

    limit: float = param("The largest value.", default=0.05, min=0.0, max=1e6)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return rng.uniform(-self.limit, self.limit, shape)

    def torch(self) -> str:
        return f"nn.init.uniform_(w, {-self.limit}, {self.limit})"


class Normal(Initializer):
    """Normal with mean 0, whatever the size of the layer.

    Formula: w ~ N(0, spread²).

    PyTorch: nn.init.normal_.

    Use it for embeddings, and to repeat published networks. Avoid it in deep networks, whose layers want a spread that
    suits their size.
    """

    spread: float = param("Standard deviation of the values.", default=0.05, min=0.0, max=1e6)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        return rng.normal(0.0, self.spread, shape)

    def torch(self) -> str:
        return f"nn.init.normal_(w, std={self.spread})"


class TruncatedNormal(Initializer):
    """Normal with mean 0, values beyond two spreads drawn again, as in transformers.

    Formula: w ~ N(0, spread²), |w| ≤ 2 spread.

    PyTorch: nn.init.trunc_normal_.

    Use it in transformers. Avoid it in deep networks without a normalisation, whose layers want a spread that suits
    their size.
    """

    spread: float = param("Standard deviation before the cut.", default=0.02, min=0.0, max=1e6)

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        drawn = rng.standard_normal(shape)
        while (beyond := np.abs(drawn) > CUT).any():
            drawn[beyond] = rng.standard_normal(int(beyond.sum()))
        return drawn * self.spread

    def torch(self) -> str:
        return f"nn.init.trunc_normal_(w, std={self.spread}, a={-CUT * self.spread}, b={CUT * self.spread})"
