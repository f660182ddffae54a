"""What layers that join branches value by value have in common."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Shape, describe
from engine.layer import Example, Layer, Scratch, ShapeError
from engine.spec import param


def joined(name: str, ports: tuple[str, ...], shapes: tuple[Shape, ...]) -> Shape:
    """Return the shape of values joined one by one: an axis of size 1 is repeated to the size of the others."""
    out = shapes[0]
    for port, shape in zip(ports[1:], shapes[1:], strict=True):
        if len(shape) != len(out) or any(a != b and 1 not in (a, b) for a, b in zip(shape, out, strict=True)):
            raise ShapeError(
                f"{name} needs equal shapes, or 1 along an axis, but {ports[0]} is {describe(shapes[0])} "
                f"and {port} is {describe(shape)}. Bring them to one shape.",
                port=port,
            )
        out = tuple(max(a, b) for a, b in zip(shape, out, strict=True))
    return out


class Branches(Layer, abstract=True):
    """A layer that joins two or more branches value by value; `work` is shaped like the output."""

    category = "Merge"
    apart = "value"
    inputs: int = param("How many branches come in.", default=2, min=2, max=64)

    def shape(self, *x: Shape) -> Shape:
        return joined(type(self).__name__, self.ports(), x)

    def scratch(self, *x: Shape) -> dict[str, Scratch]:
        return {"work": Scratch(self.shape(*x))}

    def summary(self) -> str:
        return f"{self.inputs} branches" if self.inputs > 2 else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (4,)))
        yield Example(cls(inputs=3), ((2, 1, 1), (2, 3, 3), (1, 3, 3)))


class Pair(Layer, abstract=True):
    """A layer that joins two branches value by value, where the order matters."""

    category = "Merge"
    apart = "value"

    def shape(self, x1: Shape, x2: Shape) -> Shape:
        return joined(type(self).__name__, ("x1", "x2"), (x1, x2))

    def scratch(self, x1: Shape, x2: Shape) -> dict[str, Scratch]:
        return {"work": Scratch(self.shape(x1, x2))}

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,), (4,)))
        yield Example(cls(), ((2, 3, 3), (2, 1, 1)))
