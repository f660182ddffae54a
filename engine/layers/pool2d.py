"""What pooling layers on images have in common: their windows."""

from __future__ import annotations

from typing import Any

from engine.arrays import Shape, describe
from engine.kernels.pooling import Tap, taps
from engine.kernels.windows import out_size
from engine.layer import Layer, ShapeError
from engine.problems import Change
from engine.spec import param


class Pool2D(Layer, abstract=True):
    """A layer that makes one value out of each window of an image."""

    category = "Pooling"
    kernel: tuple[int, int] = param("Height and width of a window.", default=(2, 2), min=1, max=64, unit=" px")
    stride: tuple[int, int] = param("Step between two windows.", default=(2, 2), min=1, max=64, unit=" px")
    padding: tuple[int, int] = param(
        "How far windows may reach over the edge: above and below, left and right.",
        default=(0, 0),
        min=0,
        max=32,
        unit=" px",
        advanced=True,
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"{type(self).__name__} takes an image (channels × height × width), not {describe(x)}.")
        if any(2 * p > k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise ShapeError(
                f"A window of {describe(self.kernel)} may reach over the edge by half its size at most, "
                f"not by {describe(self.padding)}. Take less padding.",
                Change("padding", (self.kernel[0] // 2, self.kernel[1] // 2)),
            )
        height, width = (self._out(x, a) for a in (0, 1))
        if min(height, width) < 1:
            fits = tuple(min(k, n) for k, n in zip(self.kernel, x[1:], strict=True))
            raise ShapeError(
                f"A window of {describe(self.kernel)} does not fit into an image of {describe(x[1:])}. "
                "Take a smaller window, or pool less before it.",
                Change("kernel", fits),
            )
        return (x[0], height, width)

    def _out(self, x: Shape, axis: int) -> int:
        return out_size(x[axis + 1], self.kernel[axis], self.stride[axis], self.padding[axis], self.padding[axis])

    def axes(self, x: Shape) -> tuple[tuple[int, int, int, int, int], ...]:
        """Return (size, windows, kernel, stride, padding) of rows and of columns."""
        return tuple((x[a + 1], self._out(x, a), self.kernel[a], self.stride[a], self.padding[a]) for a in (0, 1))

    def taps(self, x: Shape) -> tuple[tuple[Tap, ...], ...]:
        """Return the taps along rows and along columns."""
        return tuple(taps(*axis) for axis in self.axes(x))

    def summary(self) -> str:
        return describe(self.kernel)

    def onnx_attributes(self) -> dict[str, Any]:
        """Return what ONNX calls the windows."""
        return {"kernel_shape": list(self.kernel), "strides": list(self.stride), "pads": [*self.padding, *self.padding]}
