"""The contract of initializers: how the weights of a layer get their first values."""

from __future__ import annotations

from engine.arrays import Array, Generator, Shape
from engine.spec import Spec


class Initializer(Spec, family=True):
    """Draws the first values of a weight. Its fans follow PyTorch: values that feed, and are fed by, one unit."""

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        """Return an array of `shape` in float64."""
        raise NotImplementedError

    def torch(self) -> str:
        """Return PyTorch's expression that fills the tensor `w` in the same way. Known names: nn and w."""
        raise NotImplementedError
