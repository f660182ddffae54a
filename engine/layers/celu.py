"""The exponential linear unit without a kink."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import exp_minus_one
from engine.kernels.memory import bound, constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve
from engine.spec import param


class CELU(Curve):
    """ELU whose slope never jumps: y = max(x, 0) + min(α (exp(x / α) - 1), 0).

    Barron, 2017. ONNX: Celu. PyTorch: nn.CELU.

    Use it in place of ELU where its α is not 1, and a smooth slope is wanted. Avoid it where speed counts and no
    reason speaks for it: ReLU is cheaper.
    """

    alpha: float = param("How deep the floor is: very negative values become -α.", default=1.0, min=0.01, max=100.0)

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield partial(np.multiply, x, constant(1 / self.alpha, x.dtype), out)
        yield from exp_minus_one(out, self.alpha, work, out)
        yield partial(np.maximum, x, bound(0, x), out=work)
        yield partial(np.add, out, work, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield partial(np.minimum, x, bound(0, x), out=out)
        yield partial(np.multiply, out, constant(1 / self.alpha, x.dtype), out)
        yield partial(np.exp, out, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Celu", x, alpha=float(self.alpha))

    def torch(self, x: Shape) -> str:
        return f"nn.CELU({self.alpha})"

    def summary(self) -> str:
        return f"α {self.alpha:g}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(alpha=0.3), ((2, 3, 3),))
