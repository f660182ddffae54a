"""The rectifier that lets a little through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.memory import pieces
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

    def forward(self, x: Array, y: Array) -> None:
        for source, out in pieces(x, y):
            np.multiply(source, self.slope, out=out)
            np.maximum(out, source, out=out)

    def backward(self, x: Array, grad_y: Array, grad_x: Array) -> None:
        for source, grad, out in pieces(x, grad_y, grad_x):
            np.greater(source, 0, out=out)  # 1 or 0, then 1 or the slope
            np.multiply(out, 1 - self.slope, out=out)
            np.add(out, self.slope, out=out)
            np.multiply(out, grad, out=out)

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
