"""Weights for channels, from what the whole image shows."""

from __future__ import annotations

from collections.abc import Iterator

from engine.composite import Composite, Wire, Wiring
from engine.layer import Example
from engine.layers.dense import Dense
from engine.layers.global_average_pool2d import GlobalAveragePool2D
from engine.layers.multiply import Multiply
from engine.layers.relu import ReLU
from engine.layers.reshape import Reshape
from engine.layers.sided import check_rank
from engine.layers.sigmoid import Sigmoid
from engine.spec import param


class SqueezeExcite(Composite):
    """Weighs every channel of an image by how much it matters for this image: y = x · sigmoid(dense(relu(dense(mean(x))))).

    Hu, Shen and Sun, 2018.

    Use it behind the convolutions of a block, so that each image chooses its channels. Avoid it with few channels,
    where there is little to choose.
    """

    category = "Composites"
    ratio: int = param("How many times fewer units than channels the first Dense has.", default=16, min=1, max=4096)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        check_rank("SqueezeExcite", 2, x.shape)
        channels = x.shape[0]
        squeezed = wiring.add(
            "fc1", Dense(units=max(channels // self.ratio, 1)), wiring.add("mean", GlobalAveragePool2D(), x)
        )
        excited = wiring.add("fc2", Dense(units=channels), wiring.add("relu", ReLU(), squeezed))
        gate = wiring.add("gate", Reshape(size=(channels, 1, 1)), wiring.add("sigmoid", Sigmoid(), excited))
        return wiring.add("scale", Multiply(), x, gate)

    def summary(self) -> str:
        return f"1 / {self.ratio}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 2, 2),))
        yield Example(cls(ratio=2), ((4, 2, 3),))
