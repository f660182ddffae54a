"""Convolution in two cheap steps."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, ShapeError
from engine.layers.conv2d import Conv2D
from engine.layers.depthwise_conv2d import DepthwiseConv2D
from engine.layers.sided import check_rank
from engine.problems import Change
from engine.spec import param


class SeparableConv2D(Composite):
    """Filters every channel by itself, then mixes the channels of each pixel: nearly a Conv2D, at a fraction of the work.

    Formula: y = conv1×1(depthwise(x)).

    A DepthwiseConv2D, then a Conv2D of 1 × 1. Sifre, 2014; Chollet, 2017.

    Use it in place of Conv2D on small devices. Avoid it on few channels, where a Conv2D is as small and mixes better.
    """

    category = "Convolution"
    filters: int = param("How many features to look for, so how many output channels.", default=16, min=1, max=4096)
    kernel: tuple[int, int] = param("Height and width of a filter.", default=(3, 3), min=1, max=31, unit=" px")
    stride: tuple[int, int] = param(
        "Step between two positions of a filter.", default=(1, 1), min=1, max=16, unit=" px"
    )
    padding: str = param(
        "Zeros around the image: same keeps its size (divided by the stride), valid adds none.",
        default="same",
        choices=("same", "valid"),
    )
    multiplier: int = param(
        "How many filters each channel has in the first step.", default=1, min=1, max=64, advanced=True
    )
    use_bias: bool = param("Add a learned constant to every output channel.", default=True)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("SeparableConv2D", 2, x.shape)
        if self.padding == "valid" and any(k > n for k, n in zip(self.kernel, x.shape[1:], strict=True)):
            raise ShapeError(
                f"A filter of {describe(self.kernel)} does not fit into an image of {describe(x.shape[1:])}. "
                "Take a smaller filter, or padding that keeps the size.",
                Change("padding", "same"),
            )
        apart = DepthwiseConv2D(
            multiplier=self.multiplier,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            use_bias=False,
        )
        mixed = Conv2D(filters=self.filters, kernel=(1, 1), use_bias=self.use_bias)
        return wiring.add("pointwise", mixed, wiring.add("depthwise", apart, x))

    def summary(self) -> str:
        return f"{self.filters} filters · {describe(self.kernel)}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=3), ((2, 4, 4),))
        yield Example(cls(filters=2, stride=(2, 2), padding="valid", multiplier=2, use_bias=False), ((2, 5, 4),))
