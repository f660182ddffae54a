"""What pooling layers on volumes have in common: their windows."""

from __future__ import annotations

from typing import Any

from engine.arrays import Array, Shape, describe
from engine.kernels.pooling import Tap, taps
from engine.kernels.windows import out_size
from engine.layer import Layer, ShapeError
from engine.problems import Change
from engine.spec import param

Triple = tuple[int, int, int]


class Pool3D(Layer, abstract=True):
    """A layer that makes one value out of each window of a volume, for every channel by itself."""

    category = "Pooling"
    kernel: Triple = param("Depth, height and width of a window.", default=(2, 2, 2), min=1, max=64, unit=" px")
    stride: Triple = param("Step between two windows.", default=(2, 2, 2), min=1, max=64, unit=" px")
    padding: Triple = param(
        "How far windows may reach over the edge: before and behind, above and below, left and right.",
        default=(0, 0, 0),
        min=0,
        max=32,
        unit=" px",
        advanced=True,
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) != 4:
            text = f"{type(self).__name__} takes a volume (channels × depth × height × width), not {describe(x)}."
            raise ShapeError(text)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise ShapeError(
                f"A window of {describe(self.kernel)} may reach over the edge by half its size at most, "
                f"not by {describe(self.padding)}. Take less padding.",
                Change("padding", tuple(k // 2 for k in self.kernel)),
            )
        out = tuple(axis[1] for axis in self.axes(x))
        if min(out) < 1:
            raise ShapeError(
                f"A window of {describe(self.kernel)} does not fit into a volume of {describe(x[1:])}. "
                "Take a smaller window, or pool less before it.",
                Change("kernel", tuple(min(k, n) for k, n in zip(self.kernel, x[1:], strict=True))),
            )
        return (x[0], *out)

    def axes(self, x: Shape) -> tuple[tuple[int, int, int, int, int], ...]:
        """Return (size, windows, kernel, stride, padding) of depth, rows and columns."""
        sides = zip(x[1:], self.kernel, self.stride, self.padding, strict=True)
        return tuple((n, out_size(n, k, s, p, p), k, s, p) for n, k, s, p in sides)

    def taps(self, x: Shape) -> tuple[tuple[Tap, ...], ...]:
        """Return the taps along depth, rows and columns."""
        return tuple(taps(*axis) for axis in self.axes(x))

    def summary(self) -> str:
        return describe(self.kernel)

    def onnx_attributes(self) -> dict[str, Any]:
        """Return what ONNX calls the windows."""
        return {"kernel_shape": list(self.kernel), "strides": list(self.stride), "pads": [*self.padding, *self.padding]}


def sheets(x: Array) -> Array:
    """Return volumes (N, C, D, H, W) as (N·C, D, H·W): what lies along the depth is one axis."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2], -1)


def planes(x: Array) -> Array:
    """Return volumes (N, C, D, H, W) as planes (N·C·D, H, W)."""
    return x.reshape(-1, *x.shape[3:])
