"""The rectifier with a ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import clip, within
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class ReLU6(Curve):
    """Keeps values between 0 and 6 and cuts off the rest: y = min(max(x, 0), 6).

    The ceiling helps where numbers are stored with few bits: MobileNet. Krizhevsky, 2010. ONNX: Clip. PyTorch: nn.ReLU6.

    Use it in networks for small devices, whose numbers are coarse. Avoid it elsewhere: ReLU does not cut off what is
    large.
    """

    never_negative = True

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return clip(x, 0, 6, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return within(x, 0, 6, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Clip", x, g.constant(np.float32(0)), g.constant(np.float32(6)))

    def torch(self, x: Shape) -> str:
        return "nn.ReLU6()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
