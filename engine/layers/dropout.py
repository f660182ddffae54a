"""Dropout."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.chance import dropping
from engine.kernels.memory import pieces, shaped_like
from engine.layer import Example, OnnxGraph, Pointwise, Scratch
from engine.spec import param


class Dropout(Pointwise):
    """While training, sets random values to zero, so that no unit can rely on a single other one.

    Formula: y = x · mask / (1 - rate), where each value of the mask is 0 with probability rate, else 1.

    It does nothing afterwards. Srivastava et al., 2014. ONNX: nothing. PyTorch: nn.Dropout.

    Use it between wide Dense layers, where the training loss falls and the validation loss does not. Avoid it in small
    networks, between a convolution and its BatchNorm, and where the training loss itself stays high.
    """

    category = "Regularisation"
    idle = True
    apart = "value"
    in_place: ClassVar[bool] = True
    rate: float = param("The share of values that are set to zero.", default=0.5, min=0.0, max=0.95)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"mask": Scratch(x)}

    @prepared
    def forward(self, x: Array, mask: Array, rng: Generator, training: bool, y: Array) -> Run:
        if not training:
            return partial(np.copyto, y, x)
        calls: list[Run] = []
        for keep, source, out in pieces(shaped_like(x, mask), x, y):
            calls += [*dropping(rng, self.rate, keep), partial(np.multiply, source, keep, out)]
        return in_turn(calls)

    @prepared
    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> Run:
        parts = pieces(shaped_like(grad_y, mask), grad_y, grad_x)
        return in_turn(partial(np.multiply, grad, keep, out) for keep, grad, out in parts)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return f"nn.Dropout({self.rate})"

    def summary(self) -> str:
        return f"{self.rate:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6,),))
        yield Example(cls(rate=0.25), ((2, 3, 3),))
        yield Example(cls(rate=0.0), ((3, 4),))
        yield Example(cls(), ((2, 2, 3, 2),))
