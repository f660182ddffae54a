"""What the convolutions of series, images and volumes have in common."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Shape, describe
from engine.kernels.windows import Windows
from engine.layer import OnnxGraph, ShapeError, Weight
from engine.layers.filtering import Filtering
from engine.layers.sided import per_side
from engine.problems import Change
from engine.spec import param


@lru_cache(maxsize=1024)
def windows_of(layer: Convolution, x: Shape) -> Windows:
    """Return where the filters stand on an array of shape `x`; on a series, seen as an image one pixel high."""
    channels, sides = layer.split(x)
    return replace(layer.windows_on(channels, sides, layer.pads(sides)), filters=layer.filters)


class Convolution(Filtering, abstract=True):
    """A layer that slides learned filters, each of which sees all channels of its group, and makes one channel each."""

    filters: int = param(
        "How many features to look for, so how many output channels.", default=16, min=1, max=4096, first=True
    )
    groups: int = param(
        "Into how many groups the channels are divided; a filter sees those of one group only.",
        default=1,
        min=1,
        max=4096,
        advanced=True,
    )

    def shape(self, x: Shape) -> Shape:
        channels, sides = self.split(x)
        if channels % self.groups or self.filters % self.groups:
            raise ShapeError(
                f"The {channels} channels that come in and the {self.filters} filters must each divide into "
                f"{self.groups} groups without a rest. Take a number of groups that divides both.",
                Change("groups", int(np.gcd.reduce((channels, self.filters, self.groups)))),
            )
        out = windows_of(self, x).out[-self.rank :]
        self.check_fit(sides, out)
        return self.joined(self.filters, out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        shape = (self.filters, self.split(x)[0] // self.groups, *per_side(self.kernel))
        return self.declare(shape, self.filters, self.filters // self.groups, self.memory())

    def memory(self) -> tuple[int, ...]:
        """Return the order of axes in which the filters lie in memory; () is PyTorch's."""
        return ()

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, sides = self.split(g.shape("x"))
        return self.in_onnx(g, "Conv", x, self.pads(sides), group=self.groups)

    def torch(self, x: Shape) -> str:
        return self.in_torch_padded(*self.split(x), self.filters, groups=self.groups)

    def summary(self) -> str:
        groups = f" · {self.groups} groups" if self.groups > 1 else ""
        return f"{self.filters} filters · {describe(per_side(self.kernel))}{groups}"

    def multiply_adds(self, x: Shape) -> int:
        windows = windows_of(self, x)
        return windows.pixels * windows.width // self.groups * self.filters
