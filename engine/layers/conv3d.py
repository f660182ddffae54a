"""Convolution of volumes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import grouped
from engine.layer import Example, Scratch
from engine.layers.convolution import Convolution, places_of
from engine.layers.sided import Triple
from engine.spec import param


class Conv3D(Convolution):
    """Slides learned filters through a volume, or a film: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    Ji et al., 2010. ONNX: Conv. PyTorch: nn.Conv3d.

    Use it on volumes, as of a scanner, and on short films. Avoid it where slices can be looked at one by one: Conv2D
    is far cheaper.
    """

    rank: ClassVar[int] = 3
    kernel: Triple = param("Depth, height and width of a filter.", default=(3, 3, 3), min=1, max=31, unit=" px")
    stride: Triple = param("Step between two positions of a filter.", default=(1, 1, 1), min=1, max=16, unit=" px")
    padding: str = param(
        "Zeros around the volume: same keeps its size (divided by the stride), valid adds none, explicit adds border.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: Triple = param(
        "Zeros before and behind, above and below, left and right, where padding is explicit.",
        default=(1, 1, 1),
        min=0,
        max=64,
        unit=" px",
        advanced=True,
    )
    dilation: Triple = param(
        "Distance between two neighbours within a filter.", default=(1, 1, 1), min=1, max=16, unit=" px", advanced=True
    )

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

    def forward(
        self, x: Array, weight: Array, bias: Array | None, padded: Array, columns: Array, product: Array, y: Array
    ) -> None:
        places = places_of(self, x.shape[1:])
        grouped.convolve(places, x, weight.reshape(self.groups, -1, places.width), padded, columns, product, y)
        if bias is not None:
            np.add(y, bias.reshape(-1, 1, 1, 1), out=y)

    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        spread: Array,
        back_columns: Array,
        back_product: Array,
        parts: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> None:
        if grad_bias is not None:
            np.sum(grad_y, axis=(0, 2, 3, 4), out=grad_bias)
        places, work = places_of(self, x.shape[1:]), (back_columns, back_product)
        total = grad_weight.reshape(self.groups, -1, places.width)
        grouped.backward_filters(places, x, grad_y, padded, *work, parts, total)
        if grad_x is not None:
            grouped.backward_samples(places, weight.reshape(total.shape), grad_y, *work, spread, grad_x)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((2, 2, 3, 3),))
        yield Example(
            cls(filters=2, kernel=(1, 2, 2), stride=(1, 2, 1), padding="valid", use_bias=False), ((1, 2, 3, 2),)
        )
        yield Example(cls(filters=1, kernel=(2, 2, 1), dilation=(1, 2, 1)), ((1, 2, 3, 1),))
        yield Example(cls(filters=2, kernel=(1, 3, 2), padding="explicit", border=(0, 1, 1), groups=2), ((2, 1, 2, 2),))
