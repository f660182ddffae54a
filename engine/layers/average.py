"""The mean of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.broadcast import gather_back, room_for
from engine.kernels.memory import shaped_like
from engine.layer import OnnxGraph
from engine.layers.branches import Branches


class Average(Branches):
    """Takes the mean of branches value by value: y = (x1 + x2 + …) / n.

    An axis of size 1 is repeated. ONNX: Mean. PyTorch: + and /.

    Use it to let several branches vote, or to join a shortcut without a larger spread. Avoid it where one branch
    should count more: a Dense behind Concatenate learns the weights.
    """

    def forward(self, x: tuple[Array, ...], y: Array) -> None:
        np.add(x[0], x[1], out=y)
        for other in x[2:]:
            np.add(y, other, out=y)
        np.multiply(y, 1 / len(x), out=y)

    def backward(self, work: Array, grad_y: Array, grad_x: tuple[Array | None, ...]) -> None:
        for grad in grad_x:
            if grad is not None:
                whole = room_for(grad, shaped_like(grad_y, work))
                np.multiply(grad_y, 1 / len(grad_x), out=whole)
                gather_back(whole, grad)

    def onnx(self, g: OnnxGraph, *x: str) -> Any:
        return g.op("Mean", *x)

    def torch(self, *x: Shape) -> str:
        return f"({' + '.join(self.ports())}) / {self.inputs}"
