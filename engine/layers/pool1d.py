"""What pooling layers on series have in common: their windows."""

from __future__ import annotations

from typing import Any

from engine.arrays import Shape, describe
from engine.kernels.windows import out_size
from engine.layer import ShapeError
from engine.layers.as_image import AsImage
from engine.problems import Change
from engine.spec import param


class Pool1D(AsImage, abstract=True):
    """A layer that makes one value out of each window of steps."""

    category = "Pooling"
    kernel: int = param("How many steps a window has.", default=2, min=1, max=4096, unit=" steps")
    stride: int = param("Step between two windows.", default=2, min=1, max=4096, unit=" steps")
    padding: int = param(
        "How far windows may reach over both ends.", default=0, min=0, max=2048, unit=" steps", advanced=True
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"{type(self).__name__} takes a series (steps × features), not {describe(x)}.")
        if 2 * self.padding > self.kernel:
            raise ShapeError(
                f"A window of {self.kernel} may reach over the ends by half its size at most, not by {self.padding}. "
                "Take less padding.",
                Change("padding", self.kernel // 2),
            )
        out = out_size(x[0], self.kernel, self.stride, self.padding, self.padding)
        if out < 1:
            raise ShapeError(
                f"A window of {self.kernel} does not fit into a series of {x[0]} steps. "
                "Take a smaller window, or pool less before it.",
                Change("kernel", x[0]),
            )
        return (out, x[1])

    def windows(self) -> dict[str, tuple[int, int]]:
        """Return the windows on an image of height 1."""
        return {"kernel": (1, self.kernel), "stride": (1, self.stride), "padding": (0, self.padding)}

    def onnx_attributes(self) -> dict[str, Any]:
        """Return what ONNX calls the windows."""
        return {"kernel_shape": [self.kernel], "strides": [self.stride], "pads": [self.padding] * 2}

    def summary(self) -> str:
        return str(self.kernel)
