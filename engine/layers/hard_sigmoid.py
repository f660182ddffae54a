"""The sigmoid drawn with a ruler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import hard_sigmoid, within
from engine.kernels.memory import constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class HardSigmoid(Curve):
    """A straight line between 0 and 1, flat beyond: y = min(max(x / 6 + 1/2, 0), 1).

    Cheaper than a sigmoid on small devices. Howard et al., 2019. ONNX: HardSigmoid. PyTorch: nn.Hardsigmoid.

    Use it for gates in networks for small devices. Avoid it where the tails must go on learning: beyond ±3 no gradient
    comes back.
    """

    never_negative = True

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from hard_sigmoid(x, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from within(x, -3, 3, work, out)
        yield partial(np.multiply, out, constant(1 / 6, x.dtype), out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("HardSigmoid", x, alpha=1 / 6, beta=0.5)

    def torch(self, x: Shape) -> str:
        return "nn.Hardsigmoid()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
