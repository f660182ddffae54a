"""Images (N, H, W, C) enlarged by whole factors, one axis after the other, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from engine.arrays import Array

ROWS, COLUMNS = 1, 2


def copies(image: Array, factor: tuple[int, int]) -> Iterator[Array]:
    """Yield, as views of a larger image, the places that each pixel of the smaller one is copied to."""
    for i, j in product(*map(range, factor)):
        yield image[:, i :: factor[0], j :: factor[1]]


def _phases(factor: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield for each place within a pixel: its number, the neighbour that it leans to, and both weights."""
    for place in range(factor):
        lean = (place + 0.5) / factor - 0.5
        yield place, -1 if lean < 0 else 1, 1 - abs(lean), abs(lean)


def _part(x: Array, axis: int, part: slice) -> Array:
    return x[:, part] if axis == ROWS else x[:, :, part]


def _pairs(neighbour: int) -> tuple[tuple[slice, slice], ...]:
    """Return which targets have which pixels as their neighbours; at the edge a pixel is its own."""
    if neighbour < 0:
        return (slice(1, None), slice(None, -1)), (slice(None, 1), slice(None, 1))
    return (slice(None, -1), slice(1, None)), (slice(-1, None), slice(-1, None))


def stretch(x: Array, axis: int, factor: int, work: Array, out: Array) -> None:
    """Write `x` enlarged along one axis, linear between the middles of pixels; `work` is like `x`."""
    for place, neighbour, own, other in _phases(factor):
        target = _part(out, axis, slice(place, None, factor))
        np.multiply(x, own, out=target)
        np.multiply(x, other, out=work)
        for to, source in _pairs(neighbour):
            spot = _part(target, axis, to)
            np.add(spot, _part(work, axis, source), out=spot)


def stretch_back(grad: Array, axis: int, factor: int, work: Array, out: Array) -> None:
    """Write the gradient at the input of `stretch`; `work` is like `out`."""
    out[...] = 0
    for place, neighbour, own, other in _phases(factor):
        arriving = _part(grad, axis, slice(place, None, factor))
        np.multiply(arriving, own, out=work)
        np.add(out, work, out=out)
        np.multiply(arriving, other, out=work)
        for to, source in _pairs(neighbour):
            spot = _part(out, axis, source)
            np.add(spot, _part(work, axis, to), out=spot)
