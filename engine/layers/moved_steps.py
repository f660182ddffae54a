"""What the compiler puts around layers that mix the steps of padded series: no boxes of their own.

All take a series `x` (steps, features) and its `mask` (steps,): 1 at a step, 0 at padding.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.kernels import steps
from engine.layer import Layer, OnnxGraph, Parts

FLOAT, INT64 = 1, 7  # ONNX's numbers of types


class MaskedSteps(Layer, abstract=True):
    """A layer with a series and its mask, whose output has the same shape."""

    category = "Recurrent"

    def shape(self, x: Shape, mask: Shape) -> Shape:
        return x


class MovedSteps(MaskedSteps, abstract=True):
    """Brings the steps of each series to other places; places to which none comes hold zeros."""

    @abstractmethod
    def there(self, mask: Array) -> tuple[Array, Array]:
        """Return for each place the number of the step that comes there, and whether one does: (N, T)."""

    @abstractmethod
    def back(self, mask: Array) -> tuple[Array, Array]:
        """Return the same for the way back."""

    @abstractmethod
    def index(self, g: OnnxGraph, mask: str) -> tuple[str, str]:
        """Describe `there` in ONNX."""

    def forward(self, x: Array, mask: Array, y: Array) -> None:
        steps.move(x, *self.there(mask), y)

    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> None:
        steps.move(grad_y, *self.back(mask), grad_x)

    def onnx(self, g: OnnxGraph, x: str, mask: str) -> Any:
        index, there = self.index(g, mask)
        if len(g.shape("x")) == 1:
            return g.op("Mul", g.op("GatherElements", x, index, axis=1), there)
        return g.op("Mul", pick(g, x, index), g.op("Unsqueeze", there, g.constant(np.array([2]))))


class ToFront(MovedSteps, abstract=True):
    """Brings all steps of a series to its front, in their order, and padding behind them."""

    def there(self, mask: Array) -> tuple[Array, Array]:
        return steps.front(mask)

    def back(self, mask: Array) -> tuple[Array, Array]:
        return steps.places(mask)

    def index(self, g: OnnxGraph, mask: str) -> tuple[str, str]:
        return order(g, mask), front_mask(g, mask)


class ToPlaces(MovedSteps, abstract=True):
    """Brings the steps at the front of a series back to where the mask has them."""

    def there(self, mask: Array) -> tuple[Array, Array]:
        return steps.places(mask)

    def back(self, mask: Array) -> tuple[Array, Array]:
        return steps.front(mask)

    def index(self, g: OnnxGraph, mask: str) -> tuple[str, str]:
        return ranks(g, mask), mask


class TurnedSteps(MovedSteps, abstract=True):
    """Turns the order of the steps round and leaves padding where it is."""

    def there(self, mask: Array) -> tuple[Array, Array]:
        return steps.turned(mask)

    def back(self, mask: Array) -> tuple[Array, Array]:
        return steps.turned(mask)

    def index(self, g: OnnxGraph, mask: str) -> tuple[str, str]:
        left = g.op(
            "Sub", g.op("Cast", length(g, mask), to=INT64), g.op("Add", ranks(g, mask), g.constant(np.array(1)))
        )
        return g.op("GatherElements", order(g, mask), g.op("Max", left, g.constant(np.array(0))), axis=1), mask


class LastStep(Layer, abstract=True):
    """Takes the last step of a series whose steps are at its front; zeros where there is none."""

    category = "Recurrent"

    def shape(self, x: Shape, mask: Shape) -> Shape:
        return x[1:]

    def forward(self, x: Array, mask: Array, y: Array) -> None:
        count = steps.lengths(mask)[:, 0]
        rows = np.maximum(count - 1, 0) + np.arange(len(x)) * x.shape[1]
        np.take(x.reshape(-1, x.shape[2]), rows, axis=0, out=y, mode="clip")
        y *= (count > 0)[:, None]

    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> None:
        count = steps.lengths(mask)[:, 0]
        grad_x[...] = 0
        grad_x[np.arange(len(mask)), np.maximum(count - 1, 0)] = grad_y * (count > 0)[:, None]

    def onnx(self, g: OnnxGraph, x: str, mask: str) -> Any:
        count = g.op("Cast", length(g, mask), to=INT64)  # (batch, 1)
        one, zero = g.constant(np.array(1)), g.constant(np.array(0))
        last = pick(g, x, g.op("Max", g.op("Sub", count, one), zero))
        some = g.op("Cast", g.op("Min", count, one), to=FLOAT)
        return g.op("Mul", g.op("Squeeze", last, g.constant(np.array([1]))), some)


class ZeroPadding(MaskedSteps, abstract=True):
    """Sets padding to zero: y = x · mask."""

    @prepared
    def forward(self, x: Array, mask: Array, y: Array) -> Run:
        return partial(np.multiply, x, _beside(mask, x), y)

    @prepared
    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.multiply, grad_y, _beside(mask, grad_y), grad_x)

    def onnx(self, g: OnnxGraph, x: str, mask: str) -> Any:
        if len(g.shape("x")) == 1:
            return g.op("Mul", x, mask)
        return g.op("Mul", x, g.op("Unsqueeze", mask, g.constant(np.array([2]))))


def at_places(parts: Parts, layer: Layer, x: Any) -> None:
    """Lower a layer to which the places of steps matter: they are counted from the first that is no padding."""
    (mask,) = parts.masks
    if mask:
        parts.add("", ToPlaces(), parts.add("own", layer, parts.add("front", ToFront(), x, mask)), mask)
    else:
        parts.add("", layer, x)


def _beside(mask: Array, x: Array) -> Array:
    return mask.reshape(*mask.shape, *(1,) * (x.ndim - 2))


# ---------------------------------------------------------------------- ONNX


def length(g: OnnxGraph, mask: str) -> str:
    """Return how many steps each series has, as float32 (batch, 1)."""
    return str(g.op("ReduceSum", mask, g.constant(np.array([1])), keepdims=1))


def order(g: OnnxGraph, mask: str) -> str:
    """Return the numbers of all steps in their order, padding last: int64 (batch, steps)."""
    (count,) = g.shape("mask")
    falling = g.constant(-np.arange(count, dtype=np.float32))
    keys = g.op("Add", g.op("Mul", mask, g.constant(np.float32(2 * count))), falling)
    _, places = g.op("TopK", keys, g.constant(np.array([count])), outputs=2, axis=1)
    return str(places)


def ranks(g: OnnxGraph, mask: str) -> str:
    """Return which step of its series stands at each place, counted from 0: int64 (batch, steps)."""
    before = g.op("Sub", g.op("CumSum", mask, g.constant(np.array(1))), g.constant(np.float32(1)))
    return str(g.op("Cast", g.op("Max", before, g.constant(np.float32(0))), to=INT64))


def front_mask(g: OnnxGraph, mask: str) -> str:
    """Return the mask of a series whose steps have been brought to its front."""
    places = g.constant(np.arange(*g.shape("mask"), dtype=np.float32))
    return str(g.op("Cast", g.op("Less", places, length(g, mask)), to=FLOAT))


def pick(g: OnnxGraph, x: str, index: str) -> str:
    """Return the steps of `x` (batch, T, F) with the numbers `index` (batch, T')."""
    wide = g.constant(np.array([1, 1, g.shape("x")[1]]))
    across = g.op("Expand", g.op("Unsqueeze", index, g.constant(np.array([2]))), wide)
    return str(g.op("GatherElements", x, across, axis=1))
