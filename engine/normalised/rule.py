"""What a way to normalise a weight must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.layer import Weight

TINY = 1e-12  # PyTorch's eps: no length is divided by less


@dataclass(frozen=True)
class Rule:
    """How one weight is made from what is learned: an array of its shape, and `parts` beside it.

    Arrays lie in memory in the weight's own order. `forward` and `backward` are prepared calls, see `engine.calls`.
    """

    weight: Weight
    names: ClassVar[Mapping[str, str]] = {}  # our names for what is kept, by PyTorch's

    def parts(self) -> dict[str, Weight]:
        """Return what is kept beside the array of the weight's shape, by name; the `trained` ones get gradients."""
        raise NotImplementedError

    def start(self, first: Array, rng: Any) -> Arrays:
        """Return the first values of the parts, given those of the array of the weight's shape."""
        raise NotImplementedError

    def torch(self) -> str:
        """Return the PyTorch expression that lets `module` do the same."""
        raise NotImplementedError

    def scratch(self) -> dict[str, Shape]:
        """Return the shapes of the working arrays; they live from `forward` to `backward`."""
        raise NotImplementedError

    forward: ClassVar[Callable[..., None]]
    """Of (learned, out, training, *parts, *scratch): compute `out`, the weight that the layers are given."""

    backward: ClassVar[Callable[..., None]]
    """Of (learned, out, grad, grad_learned, *gradients of trained parts, *parts, *scratch); `out` may be overwritten."""


def blocks(array: Array, memory: tuple[int, ...], axis: int) -> Array:
    """Return a view (before, units, after) of an array that lies in this order of axes; `units` is its axis `axis`."""
    order = memory or tuple(range(array.ndim))
    place = order.index(axis)
    shape = [array.shape[a] for a in order]
    return array.transpose(order).reshape(prod(shape[:place]), shape[place], prod(shape[place + 1 :]))


def laid(array: Array, memory: tuple[int, ...]) -> Array:
    """Return an array of these values whose axes lie in memory in this order."""
    order = memory or tuple(range(array.ndim))
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))
