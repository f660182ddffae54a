"""How the weights of a network lie one after the other in flat vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import prod

from engine.arrays import Array, Arrays
from engine.layer import Weight
from engine.plan.memory import in_memory_order


@dataclass(frozen=True)
class Piece:
    """One weight in a flat vector, from `start` to `end`."""

    name: str
    weight: Weight
    start: int
    end: int

    def view(self, vector: Array, offset: int = 0) -> Array:
        """Return the weight, in PyTorch's shape, as it lies in a vector whose first value is number `offset`."""
        flat, weight = vector[self.start - offset : self.end - offset], self.weight
        return in_memory_order(flat, weight.shape, weight.memory or tuple(range(len(weight.shape))))


class Layout:
    """The places of some weights in a flat vector, in their order."""

    def __init__(self, weights: Mapping[str, Weight]) -> None:
        ends = list(accumulate((prod(weight.shape) for weight in weights.values()), initial=0))
        self.size = ends[-1]
        self.pieces = [Piece(name, w, s, e) for (name, w), s, e in zip(weights.items(), ends, ends[1:], strict=False)]

    def views(self, vector: Array) -> Arrays:
        """Return every weight by name as it lies in `vector`."""
        return {piece.name: piece.view(vector) for piece in self.pieces}

    def inside(self, part: slice) -> list[Piece]:
        """Return the pieces that a part of the vector holds as a whole."""
        start, end, _ = part.indices(self.size)
        return [piece for piece in self.pieces if start <= piece.start and piece.end <= end]

    def overlap(self, part: slice) -> list[tuple[Piece, slice]]:
        """Return the pieces of which a part of the vector holds some, and the places of those values in the part."""
        start, end, _ = part.indices(self.size)
        cut = [(p, max(p.start, start), min(p.end, end)) for p in self.pieces]
        return [(piece, slice(first - start, last - start)) for piece, first, last in cut if first < last]

    def whole(self, part: slice) -> slice:
        """Return a part with its ends moved to the next beginning of a weight, so that it cuts through none."""
        starts = [piece.start for piece in self.pieces] + [self.size]
        return slice(*(min(start for start in starts if start >= end) for end in (part.start, part.stop)))


def learning(declared: Mapping[str, Weight]) -> Layout:
    """Return the layout of the weights that learn."""
    return Layout({name: weight for name, weight in declared.items() if weight.learns})


def frozen(declared: Mapping[str, Weight]) -> Layout:
    """Return the layout of the weights that could learn, but are frozen."""
    return Layout({name: weight for name, weight in declared.items() if weight.trained and not weight.learns})


def statistics(declared: Mapping[str, Weight]) -> Layout:
    """Return the layout of what no gradient moves: running statistics."""
    return Layout({name: weight for name, weight in declared.items() if not weight.trained})
