"""Swish drawn with a ruler."""

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


class HardSwish(Curve):
    """Weighs every value by its hard sigmoid: y = x · min(max(x / 6 + 1/2, 0), 1).

    Nearly SiLU, but cheap on small devices: MobileNetV3. Howard et al., 2019. ONNX: HardSwish. PyTorch: nn.Hardswish.

    Use it in networks for small devices, in their deeper half. Avoid it where speed does not matter: SiLU is smooth.
    """

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from hard_sigmoid(x, out)
        yield partial(np.multiply, out, x, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from within(x, -3, 3, work, work)
        yield partial(np.multiply, work, constant(1 / 6, x.dtype), work)
        yield partial(np.multiply, work, x, work)
        yield from hard_sigmoid(x, out)
        yield partial(np.add, out, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("HardSwish", x)

    def torch(self, x: Shape) -> str:
        return "nn.Hardswish()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
