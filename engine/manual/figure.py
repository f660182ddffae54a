"""The figure of a layer: the shapes that go in, the box, the shapes that come out, from its own examples."""

from __future__ import annotations

from dataclasses import dataclass

from engine.arrays import Shape, describe
from engine.layer import Example, Layer
from engine.loss import Loss


@dataclass(frozen=True)
class Figure:
    """One sample on its way through a box; each end is a port and the shape there, without the batch."""

    box: str
    category: str
    inputs: tuple[tuple[str, Shape], ...]
    outputs: tuple[tuple[str, Shape], ...]

    def __str__(self) -> str:
        return " → ".join(filter(None, [ends(self.inputs), self.box, ends(self.outputs)]))


def figure(kind: type[Layer] | type[Loss]) -> Figure:
    """Return the figure of the first example of a layer or a loss."""
    if issubclass(kind, Layer):
        return figure_of(next(iter(kind.examples())))
    return _of_loss(*next(iter(kind.examples())))


def _of_loss(loss: Loss, x: Shape) -> Figure:
    inputs = (("x", x), ("target", loss.target_shape(x)))
    return Figure(type(loss).__name__, "Input and output", inputs, (("loss", ()),))


def figure_of(example: Example) -> Figure:
    """Return the figure of an example."""
    layer = example.layer
    inputs = tuple(zip(layer.ports(), example.inputs, strict=True))
    outputs = tuple(zip(layer.outputs, _shapes(layer, example.inputs), strict=True))
    return Figure(type(layer).__name__, layer.category, inputs, outputs)


def _shapes(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[Shape, ...]:
    found = layer.shape(*inputs)
    return found if len(layer.outputs) > 1 else (found,) * len(layer.outputs)


def ends(ports: tuple[tuple[str, Shape], ...]) -> str:
    """Return the shapes at some ports in a line; their names are said where there are several."""
    named = len(ports) > 1
    return ", ".join(f"{port} {describe(shape)}" if named else describe(shape) for port, shape in ports)
