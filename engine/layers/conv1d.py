"""Convolution of series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from engine.arrays import Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels.windows import Pair, out_size, same_padding
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.as_image import AsImage, on_images
from engine.layers.conv2d import Conv2D
from engine.problems import Change
from engine.spec import param


class Conv1D(AsImage):
    """Slides learned filters along a series: y[t, f] = sum of x over the steps around t, weighted by filter f, plus b[f].

    For a causal one, which sees no later steps, put a Pad before it and take padding valid. ONNX: Conv. PyTorch: nn.Conv1d.
    """

    category = "Convolution"
    filters: int = param("How many features to look for, so how many output features.", default=16, min=1, max=4096)
    kernel: int = param("How many steps a filter sees.", default=3, min=1, max=255, unit=" steps")
    stride: int = param("Step between two positions of a filter.", default=1, min=1, max=64, unit=" steps")
    padding: str = param(
        "Zeros around the series: same keeps its length (divided by the stride), valid adds none.",
        default="same",
        choices=("same", "valid"),
    )
    dilation: int = param(
        "Distance between two neighbours within a filter.", default=1, min=1, max=4096, unit=" steps", advanced=True
    )
    use_bias: bool = param("Add a learned constant to every output feature.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    @cached_property
    def twin(self) -> Conv2D:
        return Conv2D(
            filters=self.filters,
            kernel=(1, self.kernel),
            stride=(1, self.stride),
            padding=self.padding,
            dilation=(1, self.dilation),
            use_bias=self.use_bias,
            initializer=self.initializer,
        )

    def _borders(self, steps: int) -> Pair:
        """Return the zeros before and after a series of so many steps."""
        return same_padding(steps, self.kernel, self.stride, self.dilation) if self.padding == "same" else (0, 0)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"Conv1D takes a series (steps × features), not {describe(x)}.")
        out = out_size(x[0], self.kernel, self.stride, *self._borders(x[0]), self.dilation)
        if out < 1:
            reach = self.dilation * (self.kernel - 1) + 1
            raise ShapeError(
                f"A filter that reaches over {reach} steps does not fit into a series of {x[0]}. "
                "Take a smaller filter, or padding that keeps the length.",
                Change("padding", "same"),
            )
        return (out, self.filters)

    forward = on_images(Conv2D.forward)
    backward = on_images(Conv2D.backward)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        bias = [g.weight("bias")] if self.use_bias else []
        y = g.op(
            "Conv",
            g.op("Transpose", x, perm=[0, 2, 1]),  # ONNX wants the features right behind the batch
            g.weight("weight"),
            *bias,
            kernel_shape=[self.kernel],
            strides=[self.stride],
            dilations=[self.dilation],
            pads=list(self._borders(g.shape("x")[0])),
        )
        return g.op("Transpose", y, perm=[0, 2, 1])

    def torch(self, x: Shape) -> str:
        before, after = self._borders(x[0])
        padding, series = (before, "x.transpose(1, 2)") if before == after else (0, "")
        series = series or f"F.pad(x.transpose(1, 2), ({before}, {after}))"
        return (
            f"nn.Conv1d({x[1]}, {self.filters}, {self.kernel}, stride={self.stride}, padding={padding}, "
            f"dilation={self.dilation}, bias={self.use_bias})({series}).transpose(1, 2)"
        )

    def summary(self) -> str:
        return f"{self.filters} filters · {self.kernel}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((5, 3),))
        yield Example(cls(filters=3, kernel=2, padding="valid", use_bias=False), ((4, 2),))
        yield Example(cls(filters=2, kernel=4, stride=2), ((7, 2),))
        yield Example(cls(filters=2, dilation=2), ((6, 1),))
