"""What pooling layers on series have in common: their windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.arrays import Shape, describe
from engine.kernels.pooling import Tap, taps
from engine.kernels.windows import out_size
from engine.layer import Layer, OnnxGraph, Parts, ShapeError, mixes_steps
from engine.layers.masked_pooling import FewerSteps
from engine.layers.moved_steps import ToFront
from engine.problems import Change
from engine.spec import param


class Pool1D(Layer, abstract=True):
    """A layer that makes one value out of each window of a series, for every feature by itself."""

    category = "Pooling"
    kernel: int = param("How many steps a window has.", default=2, min=1, max=1024)
    stride: int = param("How many steps lie between two windows.", default=2, min=1, max=1024)
    padding: int = param(
        "How far windows may reach over either end of the series.", default=0, min=0, max=512, advanced=True
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"{type(self).__name__} takes a series (steps × features), not {describe(x)}.")
        if 2 * self.padding > self.kernel:
            raise ShapeError(
                f"A window of {self.kernel} steps may reach over the end by half its size at most, "
                f"not by {self.padding}. Take less padding.",
                Change("padding", self.kernel // 2),
            )
        if self._out(x) < 1:
            raise ShapeError(
                f"A window of {self.kernel} steps does not fit into a series of {x[0]}. "
                "Take a smaller window, or pool less before it.",
                Change("kernel", x[0] + 2 * self.padding),
            )
        return (self._out(x), x[1])

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if any(masks) and self.padding:
            raise mixes_steps(self, masks, "cannot reach over the end of a padded series. Set its padding to 0")
        return own if any(masks) else None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if mask:
            x = parts.add("front", ToFront(), x, mask)
            parts.mask = parts.add("mask", FewerSteps(reach=self.kernel, stride=self.stride), mask)
        parts.add("", self, x)

    def _out(self, x: Shape) -> int:
        return out_size(x[0], self.kernel, self.stride, self.padding, self.padding)

    def axis(self, x: Shape) -> tuple[int, int, int, int, int]:
        """Return (size, windows, kernel, stride, padding)."""
        return x[0], self._out(x), self.kernel, self.stride, self.padding

    def taps(self, x: Shape) -> tuple[Tap, ...]:
        """Return the taps along the steps."""
        return taps(*self.axis(x))

    def summary(self) -> str:
        return f"{self.kernel} steps"

    def pooled(self, g: OnnxGraph, kind: str, x: str, **attributes: Any) -> Any:
        """Return an ONNX pooling operator between two transpositions: it wants the features before the steps."""
        across = g.op("Transpose", x, perm=[0, 2, 1])
        windows: dict[str, Any] = {
            "kernel_shape": [self.kernel],
            "strides": [self.stride],
            "pads": [self.padding, self.padding],
        }
        return g.op("Transpose", g.op(kind, across, **windows, **attributes), perm=[0, 2, 1])
