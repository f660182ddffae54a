"""The block of densely connected networks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.composite import Composite, Wire, Wiring
from engine.layer import Example
from engine.layers.batch_norm import BatchNorm
from engine.layers.concatenate import Concatenate
from engine.layers.conv2d import Conv2D
from engine.layers.relu import ReLU
from engine.layers.sided import check_rank
from engine.spec import param


class DenseBlock(Composite):
    """A chain of convolutions of which each sees what all before it found: x = concatenate(x, f(x)), several times.

    Formula: x = [x, f(x)], several times.

    f is normalisation, rectifier, convolution; with a bottleneck, a 1 × 1 convolution of the same form stands before it.
    Huang et al., 2017.

    Use it on images, where few weights should do much. Avoid it where memory is short, for everything found stays
    until the end.
    """

    category = "Composites"
    depth: int = param("How many convolutions stand in a row.", default=4, min=1, max=64)
    growth: int = param("How many channels each adds.", default=12, min=1, max=1024)
    bottleneck: bool = param("First bring the channels down to four times the growth.", default=False)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("DenseBlock", 2, x.shape)
        for number in range(1, self.depth + 1):
            found = x
            if self.bottleneck:
                narrow = Conv2D(filters=4 * self.growth, kernel=(1, 1), use_bias=False)
                found = self._convolved(wiring, f"a{number}", narrow, found)
            found = self._convolved(wiring, f"b{number}", Conv2D(filters=self.growth, use_bias=False), found)
            x = wiring.add(f"join{number}", Concatenate(), x, found)
        return x

    @staticmethod
    def _convolved(wiring: Wiring, name: str, layer: Conv2D, x: Wire) -> Wire:
        normal = wiring.add(f"bn_{name}", BatchNorm(), x)
        return wiring.add(f"conv_{name}", layer, wiring.add(f"relu_{name}", ReLU(), normal))

    def summary(self) -> str:
        return f"{self.depth} × {self.growth} channels"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(depth=2, growth=2), ((2, 3, 3),))
        yield Example(cls(depth=1, growth=1, bottleneck=True), ((2, 3, 2),))
