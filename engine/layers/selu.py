"""The exponential linear unit that normalises itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.curves import exp_minus_one, exp_or
from engine.kernels.memory import bound, constant
from engine.layer import Example, OnnxGraph
from engine.layers.curve import Curve

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


class SELU(Curve):
    """ELU with two numbers that keep mean 0 and spread 1 from layer to layer: y = s x where x > 0, else s α (exp(x) - 1).

    s = 1.0507 and α = 1.6733. Wants weights drawn by LeCunNormal. Klambauer et al., 2017. ONNX: Selu. PyTorch: nn.SELU.

    Use it in deep networks of Dense layers alone, with LeCunNormal, in place of a normalisation. Avoid it with
    shortcuts, BatchNorm or other initializers, which break its balance.
    """

    def curve(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        yield from exp_minus_one(x, SCALE * ALPHA, work, out)
        yield partial(np.maximum, x, bound(0, x), out=work)
        yield partial(np.multiply, work, constant(SCALE, x.dtype), work)
        yield partial(np.add, out, work, out)

    def slope(self, x: Array, work: Array, out: Array) -> Iterator[Run]:
        return exp_or(SCALE, SCALE * ALPHA, x, work, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Selu", x)

    def torch(self, x: Shape) -> str:
        return "nn.SELU()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
