"""The rectifier that lets a little through."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import constant, pieces
from engine.layer import Example, OnnxGraph, Pointwise
from engine.spec import param


class LeakyReLU(Pointwise):
    """Keeps what is positive and shrinks the rest: y = max(x, slope · x).

    Maas, Hannun and Ng, 2013. ONNX: LeakyRelu. PyTorch: nn.LeakyReLU.

    Use it in place of ReLU, where many units give nothing but zeros. Avoid it before an answer that must not be
    negative.
    """

    category = "Activation"
    apart = "value"
    monotone: ClassVar[bool] = True
    slope: float = param("What negative values are multiplied by.", default=0.01, min=0.0, max=0.99)

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        calls: list[Run] = []
        for source, out in pieces(x, y):
            calls.append(partial(np.multiply, source, constant(self.slope, x.dtype), out))
            calls.append(partial(np.maximum, out, source, out=out))
        return in_turn(calls)

    @prepared
    def backward(self, x: Array, grad_y: Array, grad_x: Array) -> Run:
        return in_turn(call for part in pieces(x, grad_y, grad_x) for call in self._back(*part))

    def _back(self, x: Array, grad_y: Array, grad_x: Array) -> Iterator[Run]:
        none, slope, rise = (constant(value, x.dtype) for value in (0, self.slope, 1 - self.slope))
        yield partial(np.greater, x, none, grad_x)  # 1 or 0, then 1 or the slope
        yield partial(np.multiply, grad_x, rise, grad_x)
        yield partial(np.add, grad_x, slope, grad_x)
        yield partial(np.multiply, grad_x, grad_y, grad_x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("LeakyRelu", x, alpha=float(self.slope))

    def torch(self, x: Shape) -> str:
        return f"nn.LeakyReLU({self.slope})"

    def summary(self) -> str:
        return f"slope {self.slope:g}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(slope=0.3), ((2, 3, 3),))
