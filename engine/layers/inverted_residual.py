"""The block of networks for telephones."""

from __future__ import annotations

from collections.abc import Iterator

from engine.composite import Composite, Wire, Wiring
from engine.layer import Example
from engine.layers.add import Add
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.depthwise_conv2d import DepthwiseConv2D
from engine.layers.relu6 import ReLU6
from engine.layers.sided import check_rank
from engine.layers.squeeze_excite import SqueezeExcite
from engine.spec import param


class InvertedResidual(Composite):
    """Widens an image by a 1 × 1 convolution, filters every channel by itself, and narrows it again, with a shortcut.

    Formula: y = x + conv1(relu6(depthwise(relu6(conv1(x))))).

    Each convolution has a normalisation behind it, the first two a ReLU6. The shortcut is there where the shape stays.
    Sandler et al., 2018 (MobileNetV2).

    Use it for images on small devices: nearly a ResidualBlock's quality at a fraction of the work. Avoid it where the
    processor is not the limit: ResidualBlock is simpler and often trains faster.
    """

    category = "Composites"
    filters: int = param("How many output channels.", default=16, min=1, max=4096)
    expansion: int = param(
        "How many times wider the middle is; 1 leaves the first convolution out.", default=6, min=1, max=64
    )
    stride: int = param("Step of the middle convolution; 2 halves the image.", default=1, min=1, max=8, unit=" px")
    squeeze: bool = param("Weigh the channels of the middle by a SqueezeExcite.", default=False, advanced=True)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("InvertedResidual", 2, x.shape)
        middle = x
        if self.expansion > 1:
            wider = Conv2D(filters=x.shape[0] * self.expansion, kernel=(1, 1), use_bias=False)
            middle = wiring.add("relu1", ReLU6(), wiring.add("bn1", BatchNorm(), wiring.add("conv1", wider, x)))
        apart = DepthwiseConv2D(stride=(self.stride, self.stride), padding="explicit", border=(1, 1), use_bias=False)
        middle = wiring.add("relu2", ReLU6(), wiring.add("bn2", BatchNorm(), wiring.add("conv2", apart, middle)))
        if self.squeeze:
            middle = wiring.add("squeeze", SqueezeExcite(ratio=4), middle)
        narrow = Conv2D(filters=self.filters, kernel=(1, 1), use_bias=False)
        out = wiring.add("bn3", BatchNorm(), wiring.add("conv3", narrow, middle))
        return wiring.add("add", Add(), out, x) if out.shape == x.shape else out

    def summary(self) -> str:
        return f"{self.filters} filters · × {self.expansion}" + (f" · stride {self.stride}" if self.stride > 1 else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2, expansion=2), ((2, 3, 3),))
        yield Example(cls(filters=3, expansion=1, stride=2, squeeze=True), ((2, 4, 3),))
