"""The block of residual networks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.composite import Composite, Wire, Wiring
from engine.layer import Example
from engine.layers.add import Add
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.relu import ReLU
from engine.layers.sided import check_rank
from engine.spec import param


class ResidualBlock(Composite):
    """Two convolutions with a shortcut around them: y = relu(f(x) + x), so that even deep networks learn.

    Formula: y = relu(f(x) + x).

    f is convolution, normalisation, rectifier, convolution, normalisation. Where f changes the number of channels or the
    size, a 1 × 1 convolution brings x to the same shape. He et al., 2016.

    Use it on images, stacked, for networks of ten layers and more. Avoid it in shallow networks, which learn as well
    without a shortcut.
    """

    category = "Composites"
    filters: int = param("How many output channels.", default=16, min=1, max=4096)
    stride: int = param("Step of the first convolution; 2 halves the image.", default=1, min=1, max=8, unit=" px")
    padding: str = param(
        "Zeros around the image of the first convolution where its stride is above 1: same puts an odd one at the far edge, "
        "symmetric as many at either, as published networks do.",
        default="same",
        choices=("same", "symmetric"),
        advanced=True,
    )

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("ResidualBlock", 2, x.shape)
        step = (self.stride, self.stride)
        padding = "same" if self.padding == "same" else "explicit"
        strided = Conv2D(filters=self.filters, stride=step, padding=padding, border=(1, 1), use_bias=False)
        first = wiring.add("conv1", strided, x)
        first = wiring.add("relu1", ReLU(), wiring.add("bn1", BatchNorm(), first))
        second = wiring.add("conv2", Conv2D(filters=self.filters, use_bias=False), first)
        second = wiring.add("bn2", BatchNorm(), second)
        shortcut = x
        if x.shape != second.shape:
            projected = Conv2D(filters=self.filters, kernel=(1, 1), stride=step, use_bias=False)
            shortcut = wiring.add("bn3", BatchNorm(), wiring.add("conv3", projected, x))
        return wiring.add("relu2", ReLU(), wiring.add("add", Add(), second, shortcut))

    def summary(self) -> str:
        return f"{self.filters} filters" + (f" · stride {self.stride}" if self.stride > 1 else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((2, 4, 4),))
        yield Example(cls(filters=3, stride=2), ((2, 5, 4),))
        yield Example(cls(filters=3, stride=2, padding="symmetric"), ((2, 4, 6),))
