"""Swish drawn with a ruler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class HardSwish(Curve):
    """Weighs every value by its hard sigmoid: y = x · min(max(x / 6 + 1/2, 0), 1).

    Nearly SiLU, but cheap on small devices: MobileNetV3. Howard et al., 2019. ONNX: HardSwish. PyTorch: nn.Hardswish.

    Use it in networks for small devices, in their deeper half. Avoid it where speed does not matter: SiLU is smooth.
    """

    def curve(self, x: Array, work: Array, out: Array) -> None:
        np.multiply(x, 1 / 6, out=out)
        np.add(out, 0.5, out=out)
        np.clip(out, 0, 1, out=out)
        np.multiply(out, x, out=out)

    def slope(self, x: Array, work: Array, out: Array) -> None:
        np.clip(x, -3, 3, out=out)
        np.multiply(out, 1 / 6, out=out)
        np.add(out, 0.5, out=out)
        np.abs(x, out=work)
        np.less(work, 3, out=work)
        np.multiply(work, x, out=work)
        np.multiply(work, 1 / 6, out=work)
        np.add(out, work, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("HardSwish", x)

    def torch(self, x: Shape) -> str:
        return "nn.Hardswish()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
