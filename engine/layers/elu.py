"""The exponential linear unit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import exp_minus_one, exp_or
from engine.kernels.memory import bound
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve
from engine.spec import param


class ELU(Curve):
    """Keeps what is positive and bends the rest towards a floor: y = x where x > 0, else α (exp(x) - 1).

    Its mean is closer to zero than a rectifier's. Clevert, Unterthiner and Hochreiter, 2016. ONNX: Elu. PyTorch: nn.ELU.

    Use it in place of ReLU, where units die or no normalisation is wanted. Avoid it where speed counts: its
    exponential costs more than a maximum.
    """

    alpha: float = param("How deep the floor is: very negative values become -α.", default=1.0, min=0.0, max=100.0)

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from exp_minus_one(x, self.alpha, work, out)
        yield partial(np.maximum, x, bound(0, x), out=work)
        yield partial(np.add, out, work, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from exp_or(1, self.alpha, x, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Elu", x, alpha=float(self.alpha))

    def torch(self, x: Shape) -> str:
        return f"nn.ELU({self.alpha})"

    def summary(self) -> str:
        return f"α {self.alpha:g}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(alpha=0.3), ((2, 3, 3),))
