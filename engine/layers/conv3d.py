"""Convolution of volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.block_convolution import BlockConvolution
from engine.layers.sided import Triple
from engine.spec import param


class Conv3D(BlockConvolution):
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

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((2, 2, 3, 3),))
        yield Example(
            cls(filters=2, kernel=(1, 2, 2), stride=(1, 2, 1), padding="valid", use_bias=False), ((1, 2, 3, 2),)
        )
        yield Example(cls(filters=1, kernel=(2, 2, 1), dilation=(1, 2, 1)), ((1, 2, 3, 1),))
        yield Example(cls(filters=2, kernel=(1, 3, 2), padding="explicit", border=(0, 1, 1), groups=2), ((2, 1, 2, 2),))
        yield Example(cls(filters=3, stride=(2, 1, 2)), ((5, 3, 2, 3),))
        yield Example(cls(filters=4, kernel=(1, 1, 1)), ((6, 2, 2, 2),))
