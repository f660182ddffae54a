"""What layers that work along one axis have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.arrays import Shape, describe
from engine.layer import Layer, ShapeError, mixes_steps, one_mask
from engine.problems import Change
from engine.spec import param


def check_axis(name: str, axis: int, x: Shape, field: str = "axis") -> None:
    """Raise ShapeError where a sample of shape `x` has no such axis, counted from 1."""
    if not x:
        raise ShapeError(f"{name} works along an axis, but a single value has none. Wire something else to it.")
    if axis > len(x):
        which = "" if field == "axis" else f", its {field},"
        raise ShapeError(
            f"{name} works along axis {axis}{which or ','} but {describe(x)} has axes 1 to {len(x)} only. Choose one of them.",
            Change(field, len(x)),
        )


def resized(x: Shape, axis: int, size: int) -> Shape:
    """Return a shape with another size along an axis, counted from 1."""
    return (*x[: axis - 1], size, *x[axis:])


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """Return the index that takes `part` of an axis of an array whose first axis is the batch."""
    return (slice(None),) * axis + (part,)


class AlongAxis(Layer, abstract=True):
    """A layer that works along one axis of every sample."""

    category = "Shape and reduction"
    axis: int = param(
        "Which axis, counted from 1: of an image 1 is its channels, 2 its rows, 3 its columns.",
        default=1,
        min=1,
        max=8,
    )

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if any(masks) and self.axis < 2:
            raise mixes_steps(self, masks)
        return one_mask(self, masks, *inputs) if any(masks) else None

    def checked(self, x: Shape) -> int:
        """Return the size of the axis; raise ShapeError where there is none."""
        check_axis(type(self).__name__, self.axis, x)
        return x[self.axis - 1]

    def resized(self, x: Shape, size: int) -> Shape:
        """Return a shape with another size along the axis."""
        return resized(x, self.axis, size)

    def along(self, part: Any) -> tuple[Any, ...]:
        """Return the index that takes `part` of the axis of an array whose first axis is the batch."""
        return along(self.axis, part)
