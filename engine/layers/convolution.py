"""What the convolutions of series, images and volumes have in common."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels import grouped
from engine.kernels.grouped import Places
from engine.layer import OnnxGraph, Scratch, ShapeError, Weight
from engine.layers.filtering import Filtering
from engine.layers.sided import channels_first, per_side
from engine.problems import Change
from engine.spec import param


@lru_cache(maxsize=1024)
def places_of(layer: Convolution, x: Shape) -> Places:
    """Return where the filters stand on an array of shape `x`, channels first."""
    channels, sides = layer.split(x)
    kernel, stride, dilation = (per_side(value) for value in (layer.kernel, layer.stride, layer.dilation))
    return Places(channels, sides, kernel, stride, layer.pads(sides), dilation, layer.groups)


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
        out = places_of(self, x).out
        self.check_fit(sides, out)
        return self.joined(self.filters, out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        shape = (self.filters, self.split(x)[0] // self.groups, *per_side(self.kernel))
        return self.declare(shape, self.filters, self.filters // self.groups, self.memory())

    def memory(self) -> tuple[int, ...]:
        """Return the order of axes in which the filters lie in memory; () is PyTorch's."""
        return ()

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        places = places_of(self, x)
        count, each = places.at_once, self.filters // self.groups
        padded = (count, places.channels, *places.padded)
        columns = Scratch((count, *places.columns), batched=False)
        product = Scratch((count, self.groups, each, prod(places.out)), batched=False)
        return {
            "padded": Scratch(padded, batched=False, kept=True),
            "spread": Scratch(padded, batched=False),
            "columns": columns,
            "back_columns": columns,
            "product": product,
            "back_product": product,
            "parts": Scratch((count, self.groups, each, places.width), batched=False),
        }

    def convolve(
        self, x: Array, weight: Array, bias: Array | None, padded: Array, columns: Array, product: Array, y: Array
    ) -> None:
        """Compute the output in products of one group each."""
        places, out = places_of(self, x.shape[1:]), channels_first(y)
        filters = weight.reshape(self.groups, -1, places.width)
        grouped.convolve(places, channels_first(x), filters, padded, columns, product, out)
        if bias is not None:
            np.add(out, bias.reshape(-1, *(1,) * self.rank), out=out)

    def convolve_back(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        spread: Array,
        columns: Array,
        product: Array,
        parts: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> None:
        """Compute the gradients in products of one group each."""
        places, grad = places_of(self, x.shape[1:]), channels_first(grad_y)
        if grad_bias is not None:
            np.sum(grad, axis=(0, *range(2, grad.ndim)), out=grad_bias)
        total = grad_weight.reshape(self.groups, -1, places.width)
        grouped.backward_filters(places, channels_first(x), grad, padded, columns, product, parts, total)
        if grad_x is not None:
            filters, out = weight.reshape(total.shape), channels_first(grad_x)
            grouped.backward_samples(places, filters, grad, columns, product, spread, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, sides = self.split(g.shape("x"))
        return self.in_onnx(g, "Conv", x, self.pads(sides), group=self.groups)

    def torch(self, x: Shape) -> str:
        return self.in_torch_padded(*self.split(x), self.filters, groups=self.groups)

    def summary(self) -> str:
        groups = f" · {self.groups} groups" if self.groups > 1 else ""
        return f"{self.filters} filters · {describe(per_side(self.kernel))}{groups}"

    def multiply_adds(self, x: Shape) -> int:
        places = places_of(self, x)
        return prod(places.out) * places.width * self.filters
