"""What layers have in common that work through the sides of their input one after the other."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from engine.arrays import Array, Shape
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Scratch
from engine.layers.sided import Sided


def _as_it_is(x: Array) -> Array:
    return x


def _sheets(x: Array) -> Array:
    """Return volumes (N, D, H, W, C) as images (N, D, H·W, C): what lies along the depth are their rows."""
    return x.reshape(*x.shape[:2], -1, x.shape[4])


def _planes(x: Array) -> Array:
    """Return volumes (N, D, H, W, C) as images (N·D, H, W, C)."""
    return x.reshape(-1, *x.shape[2:])


# How the sides of series (N, T, C), images (N, H, W, C) and volumes (N, D, H, W, C) are seen, and the axis of each.
_SIDES: dict[int, tuple[tuple[Callable[[Array], Array], int], ...]] = {
    1: ((_as_it_is, ROWS),),
    2: ((_as_it_is, ROWS), (_as_it_is, COLUMNS)),
    3: ((_sheets, ROWS), (_planes, ROWS), (_planes, COLUMNS)),
}


class SideBySide(Sided, abstract=True):
    """A layer that changes the length of every side: of series (N, T, C), images (N, H, W, C), volumes (N, D, H, W, C)."""

    def out(self, x: Shape) -> Shape:
        """Return the sides of the output."""
        raise NotImplementedError

    def path(self, x: Shape, first: Array, between: Array, last: Array) -> list[tuple[int, Array, Array]]:
        """Return an axis and the arrays before and after for each side; `between` holds what comes to lie between."""
        flat, arrays = between.reshape(-1), [first]
        for shape in self._between(x):
            whole = len(first) * prod(shape)
            arrays.append(flat[:whole].reshape(len(first), *shape))
            flat = flat[whole:]
        pairs = zip(_SIDES[self.rank], arrays, [*arrays[1:], last], strict=True)
        return [(axis, view(before), view(after)) for (view, axis), before, after in pairs]

    def largest(self, x: Shape) -> int:
        """Return how many values the largest array after a side has; padding may make one larger than the input."""
        return max(map(prod, (*self._between(x), self.shape(x))))

    def room(self, x: Shape) -> dict[str, Scratch]:
        """Return the working arrays for `path`, there and back."""
        flat = Scratch((max(sum(map(prod, self._between(x))), 1),))
        return {"between": flat, "back_between": flat}

    def _between(self, x: Shape) -> list[Shape]:
        (channels, sides), out = self.split(x), self.out(x)
        found = [out[:done] + sides[done:] for done in range(1, self.rank)]
        return [(*part, channels) for part in found]
