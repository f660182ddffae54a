"""Layers on series that are a layer on images: a series is an image of height 1, in the same memory."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from engine.arrays import Array, Shape
from engine.layer import Layer, Scratch, Weight

SERIES = ("x", "y", "grad_x", "grad_y")
WEIGHTS = ("weight", "grad_weight")


def _image(name: str, array: Any) -> Any:
    """Return a series (N, T, F) as images (N, F, 1, T), filters (F, C, K) as (F, C, 1, K), anything else as it is."""
    if not hasattr(array, "ndim") or array.ndim != 3:
        return array
    if name in SERIES:
        return array.transpose(0, 2, 1)[:, :, None]
    return array[:, :, None] if name in WEIGHTS else array


def on_images(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method of a layer on series that asks for the same arrays and hands them to a layer on images."""
    signature = inspect.signature(method)
    names = tuple(signature.parameters)[1:]

    def run(self: AsImage, *arrays: Array | None) -> None:
        method(self.twin, *map(_image, names, arrays))

    run.__signature__ = signature  # type: ignore[attr-defined]  # what the plan reads
    return run


class AsImage(Layer, abstract=True):
    """A layer on series; `twin` is the layer that does the same on images of height 1."""

    @cached_property
    def twin(self) -> Any:
        """The layer on images."""
        raise NotImplementedError

    def image(self, x: Shape) -> Shape:
        """Return the shape (F, 1, T) of a series (T, F) as an image."""
        return (x[1], 1, x[0])

    def weights(self, x: Shape) -> dict[str, Weight]:
        return {name: _of_series(weight) for name, weight in self.twin.weights(self.image(x)).items()}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        found: dict[str, Scratch] = self.twin.scratch(self.image(x))
        return found

    def multiply_adds(self, x: Shape) -> int:
        return int(self.twin.multiply_adds(self.image(x)))


def _of_series(weight: Weight) -> Weight:
    """Return a weight without the height of its filters."""
    if len(weight.shape) != 4:
        return weight
    memory = tuple(axis - (axis > 2) for axis in weight.memory if axis != 2)
    return replace(weight, shape=(*weight.shape[:2], weight.shape[3]), memory=memory)
