"""Chosen places of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.reshaping import picking
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.along_axis import AlongAxis
from engine.problems import Change
from engine.spec import param


class Gather(AlongAxis):
    """Picks places of one axis, in any order; the same place may be picked again.

    Formula: y[i] = x[places[i]] along the axis.

    ONNX: Gather. PyTorch: index_select, or x[:, places].

    Use it to choose or reorder features, channels or steps. Avoid it for a range that has no gaps: Slice says it more
    plainly.
    """

    places: tuple[int, ...] = param("The places, counted from 0.", default=(0,), min=0, max=1_000_000)

    def shape(self, x: Shape) -> Shape:
        size = self.checked(x)
        if not self.places or max(self.places) >= size:
            chosen = f"place {max(self.places)}" if self.places else "nothing"
            raise ShapeError(
                f"Gather picks {chosen} of an axis with places 0 to {size - 1}. Pick some of those.",
                Change("places", tuple(n for n in self.places if n < size) or (0,)),
            )
        return self.resized(x, len(self.places))

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return picking(x, self.axis, np.array(self.places), y)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        calls: list[Run] = [partial(grad_x.fill, 0)]
        for found, places in _rounds(self.places):
            to, source = self.along(np.array(places)), self.along(np.array(found))
            calls.append(partial(_add, grad_x, to, grad_y, source))
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Gather", x, g.constant(np.array(self.places)), axis=self.axis)

    def torch(self, x: Shape) -> str:
        return f"x[{':, ' * self.axis}{list(self.places)}]"

    def summary(self) -> str:
        return f"axis {self.axis} · {len(self.places)} places"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3,),))
        yield Example(cls(axis=2, places=(2, 0, 2, 2)), ((2, 3),))
        yield Example(cls(places=(1, 0)), ((2, 3, 2),))


@lru_cache(maxsize=256)
def _rounds(places: tuple[int, ...]) -> tuple[tuple[list[int], list[int]], ...]:
    """Return (where it went, the place) of every pick, in as many rounds as a place is picked at most."""
    rounds: list[tuple[list[int], list[int]]] = []
    seen: dict[int, int] = {}
    for found, place in enumerate(places):
        number = seen[place] = seen.get(place, -1) + 1
        if number == len(rounds):
            rounds.append(([], []))
        rounds[number][0].append(found)
        rounds[number][1].append(place)
    return tuple(rounds)


def _add(grad_x: Array, to: tuple[Any, ...], grad_y: Array, source: tuple[Any, ...]) -> None:
    grad_x[to] += grad_y[source]
