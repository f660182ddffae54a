"""Filters of several sizes side by side."""

from __future__ import annotations

from collections.abc import Iterator

from engine.composite import Composite, Wire, Wiring
from engine.layer import Example
from engine.layers.concatenate import Concatenate
from engine.layers.conv2d import Conv2D
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.relu import ReLU
from engine.layers.sided import check_rank
from engine.spec import param


class Inception(Composite):
    """Looks at an image through filters of 1 × 1, 3 × 3 and 5 × 5 and a pooling at once, and puts all channels together.

    Formula: y = [conv1(x), conv3(conv1(x)), conv5(conv1(x)), conv1(pool(x))].

    Where a filter is large, a 1 × 1 convolution first brings the channels down. Every convolution has a rectifier behind
    it. Szegedy et al., 2015 (GoogLeNet).

    Use it on images in which what matters comes in several sizes. Avoid it where a plain design should do:
    ResidualBlocks are simpler to size.
    """

    category = "Composites"
    filters1: int = param("Channels from the filters of 1 × 1.", default=64, min=1, max=4096)
    narrow3: int = param("Channels before the filters of 3 × 3.", default=96, min=1, max=4096, advanced=True)
    filters3: int = param("Channels from the filters of 3 × 3.", default=128, min=1, max=4096)
    narrow5: int = param("Channels before the filters of 5 × 5.", default=16, min=1, max=4096, advanced=True)
    filters5: int = param("Channels from the filters of 5 × 5.", default=32, min=1, max=4096)
    pooled: int = param("Channels from the pooling.", default=32, min=1, max=4096)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("Inception", 2, x.shape)
        narrow3 = self._convolved(wiring, "narrow3", self.narrow3, 1, x)
        narrow5 = self._convolved(wiring, "narrow5", self.narrow5, 1, x)
        pool = wiring.add("pool", MaxPool2D(kernel=(3, 3), stride=(1, 1), padding=(1, 1)), x)
        branches = (
            self._convolved(wiring, "conv1", self.filters1, 1, x),
            self._convolved(wiring, "conv3", self.filters3, 3, narrow3),
            self._convolved(wiring, "conv5", self.filters5, 5, narrow5),
            self._convolved(wiring, "projected", self.pooled, 1, pool),
        )
        return wiring.add("join", Concatenate(inputs=4), *branches)

    @staticmethod
    def _convolved(wiring: Wiring, name: str, filters: int, size: int, x: Wire) -> Wire:
        found = wiring.add(name, Conv2D(filters=filters, kernel=(size, size)), x)
        return wiring.add(f"relu_{name}", ReLU(), found)

    def summary(self) -> str:
        return f"{self.filters1 + self.filters3 + self.filters5 + self.pooled} channels"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters1=1, narrow3=2, filters3=2, narrow5=1, filters5=1, pooled=2), ((2, 3, 4),))
