"""Convolution of volumes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels import convolution3d
from engine.kernels.convolution3d import Volumes
from engine.kernels.windows import same_padding
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.problems import Change
from engine.spec import param

Triple = tuple[int, int, int]


@lru_cache(maxsize=1024)
def _windows(layer: Conv3D, x: Shape) -> Volumes:
    """Return where the filters stand on a volume of shape `x`."""
    sides = zip(x[1:], layer.kernel, layer.stride, layer.dilation, strict=True)
    padding = tuple(same_padding(*side) if layer.padding == "same" else (0, 0) for side in sides)
    return Volumes(x[0], x[1:], layer.kernel, layer.stride, padding, layer.dilation)


def _places(y: Array) -> Array:
    return y.reshape(*y.shape[:2], -1)


class Conv3D(Layer):
    """Slides learned filters through a volume, or a film: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    Ji et al., 2010. ONNX: Conv. PyTorch: nn.Conv3d.

    Use it on volumes, as of a scanner, and on short films. Avoid it where slices can be looked at one by one: Conv2D
    is far cheaper.
    """

    category = "Convolution"
    filters: int = param("How many features to look for, so how many output channels.", default=16, min=1, max=4096)
    kernel: Triple = param("Depth, height and width of a filter.", default=(3, 3, 3), min=1, max=31, unit=" px")
    stride: Triple = param("Step between two positions of a filter.", default=(1, 1, 1), min=1, max=16, unit=" px")
    padding: str = param(
        "Zeros around the volume: same keeps its size (divided by the stride), valid adds none.",
        default="same",
        choices=("same", "valid"),
    )
    dilation: Triple = param(
        "Distance between two neighbours within a filter.", default=(1, 1, 1), min=1, max=16, unit=" px", advanced=True
    )
    use_bias: bool = param("Add a learned constant to every output channel.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 4:
            raise ShapeError(f"Conv3D takes a volume (channels × depth × height × width), not {describe(x)}.")
        out = _windows(self, x).out
        if min(out) < 1:
            raise ShapeError(
                f"A filter of {describe(self.kernel)} does not fit into a volume of {describe(x[1:])}. "
                "Take a smaller filter, or padding that keeps the size.",
                Change("padding", "same"),
            )
        return (self.filters, *out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        size = prod(self.kernel)
        shape = (self.filters, x[0], *self.kernel)
        weight = Weight(shape, self.initializer, fan_in=x[0] * size, fan_out=self.filters * size)
        return {"weight": weight} | ({"bias": Weight((self.filters,))} if self.use_bias else {})

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows = _windows(self, x)
        count = windows.at_once
        padded = (count, x[0], *windows.padded)
        columns = Scratch((count, windows.width, windows.places), batched=False)
        return {
            "padded": Scratch(padded, batched=False, kept=True),
            "spread": Scratch(padded, batched=False),
            "columns": columns,
            "back_columns": columns,
            "parts": Scratch((count, self.filters, windows.width), batched=False),
        }

    def forward(self, x: Array, weight: Array, bias: Array | None, padded: Array, columns: Array, y: Array) -> None:
        windows, out = _windows(self, x.shape[1:]), _places(y)
        convolution3d.convolve(windows, x, weight.reshape(self.filters, -1), padded, columns, out)
        if bias is not None:
            np.add(out, bias[:, None], out=out)

    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        spread: Array,
        back_columns: Array,
        parts: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> None:
        windows, grad = _windows(self, x.shape[1:]), _places(grad_y)
        if grad_bias is not None:
            np.sum(grad, axis=(0, 2), out=grad_bias)
        total = grad_weight.reshape(self.filters, -1)
        convolution3d.backward_filters(windows, x, grad, padded, back_columns, parts, total)
        if grad_x is not None:
            filters = weight.reshape(self.filters, -1)
            convolution3d.backward_volumes(windows, filters, grad, back_columns, spread, grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        padding = _windows(self, g.shape("x")).padding
        bias = [g.weight("bias")] if self.use_bias else []
        return g.op(
            "Conv",
            x,
            g.weight("weight"),
            *bias,
            kernel_shape=list(self.kernel),
            strides=list(self.stride),
            dilations=list(self.dilation),
            pads=[before for before, _ in padding] + [after for _, after in padding],
        )

    def torch(self, x: Shape) -> str:
        ends = ", ".join(f"{before}, {after}" for before, after in reversed(_windows(self, x).padding))
        return (
            f"nn.Conv3d({x[0]}, {self.filters}, {self.kernel}, stride={self.stride}, dilation={self.dilation}, "
            f"bias={self.use_bias})(F.pad(x, ({ends})))"
        )

    def summary(self) -> str:
        return f"{self.filters} filters · {describe(self.kernel)}"

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.places * windows.width * self.filters

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((2, 2, 3, 3),))
        yield Example(
            cls(filters=2, kernel=(1, 2, 2), stride=(1, 2, 1), padding="valid", use_bias=False), ((1, 2, 3, 2),)
        )
        yield Example(cls(filters=1, kernel=(2, 2, 1), dilation=(1, 2, 1)), ((1, 2, 3, 1),))
