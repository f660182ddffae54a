"""What layers on series, images and volumes have in common: their input has channels and one, two or three sides."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last
from engine.layer import Layer, OnnxGraph, ShapeError
from engine.problems import Insert

Triple = tuple[int, int, int]
TAKES = {
    1: "a series (steps × features)",
    2: "an image (channels × height × width)",
    3: "a volume (channels × depth × height × width)",
}
NOUNS = {1: "a series", 2: "an image", 3: "a volume"}


class Sided(Layer, abstract=True):
    """A layer on series (T, C), images (C, H, W) or volumes (C, D, H, W): of `rank` 1, 2 or 3.

    What has a value for each side is a number on series, a tuple on images and volumes.
    """

    rank: ClassVar[int] = 2

    def split(self, x: Shape) -> tuple[int, Shape]:
        """Return the channels and the sides of `x`; raise ShapeError where it is nothing for this layer."""
        check_rank(type(self).__name__, self.rank, x)
        return (x[1], x[:1]) if self.rank == 1 else (x[0], x[1:])

    def joined(self, channels: int, sides: Shape) -> Shape:
        """Return the shape with these channels and sides."""
        return (*sides, channels) if self.rank == 1 else (channels, *sides)

    def across(self, g: OnnxGraph, x: str) -> Any:
        """Return a series, for ONNX, with its features before its steps, or a result back again; others as they are."""
        return g.op("Transpose", x, perm=[0, 2, 1]) if self.rank == 1 else x

    def torch_call(self, module: str, given: str = "{}") -> str:
        """Return the call of a PyTorch module with `given`, where {} stands for x.

        It wants the features of a series before its steps.
        """
        if self.rank == 1:
            return f"{module}({given.format('x.transpose(1, 2)')}).transpose(1, 2)"
        return module if given == "{}" else f"{module}({given.format('x')})"


def check_rank(name: str, rank: int, x: Shape, port: str = "") -> None:
    """Raise ShapeError where `x` is no series, image or volume, as `rank` says. `port` is the one of several to blame."""
    if len(x) == rank + 1:
        return
    where = f" at {port}" if port else ""
    text = f"{name} takes {TAKES[rank]}{where}, not {describe(x)}."
    if len(x) != rank:
        raise ShapeError(text, port=port)
    axis, noun = (2, "feature") if rank == 1 else (1, "channel")
    text += f" Put an Unsqueeze before it, so that it has one {noun}."
    raise ShapeError(text, Insert("Unsqueeze", {"axis": axis}), port=port)


def per_side(value: Any) -> Shape:
    """Return a parameter with a value for each side as a tuple, on series too."""
    return value if isinstance(value, tuple) else (value,)


def as_param(values: Shape) -> Any:
    """Return a value for each side as a parameter holds it: a number where there is one side."""
    return values if len(values) > 1 else values[0]


def as_image(x: Array) -> Array:
    """Return images and volumes channels last, and series (N, T, C) as such images one pixel high, (N, 1, T, C)."""
    return x[:, None] if x.ndim == 3 else channels_last(x)
