"""The sigmoid linear unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import silu, silu_slope
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve


class SiLU(Curve):
    """Weighs every value by its own sigmoid, also called swish: y = x · σ(x).

    Elfwing, Uchibe and Doya, 2017; Ramachandran, Zoph and Le, 2017. ONNX: Sigmoid and Mul. PyTorch: nn.SiLU.

    Use it in place of ReLU, in image networks and transformers. Avoid it on small devices: HardSwish is cheaper.
    """

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return silu(x, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return silu_slope(x, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Mul", x, g.op("Sigmoid", x))

    def torch(self, x: Shape) -> str:
        return "nn.SiLU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
