"""The logistic function."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.curves import sigmoid_calls
from engine.kernels.memory import constant, pieces
from engine.layer import Example, OnnxGraph, Pointwise


class Sigmoid(Pointwise):
    """Squeezes every value between 0 and 1: y = 1 / (1 + exp(-x)).

    Computed as (tanh(x / 2) + 1) / 2, which never overflows. ONNX: Sigmoid. PyTorch: nn.Sigmoid.

    Use it for gates, and where each value is a share of its own. Avoid it between the layers of a deep network, where
    its gradient fades, and before an Output, whose loss takes logits.
    """

    category = "Activation"
    never_negative = True
    apart = "value"
    in_place: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return in_turn(call for source, out in pieces(x, y) for call in sigmoid_calls(source, out))

    @prepared
    def backward(self, y: Array, grad_y: Array, grad_x: Array) -> Run:
        return in_turn(call for part in pieces(y, grad_y, grad_x) for call in _back(*part))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Sigmoid", x)

    def torch(self, x: Shape) -> str:
        return "nn.Sigmoid()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))


def _back(y: Array, grad_y: Array, grad_x: Array) -> Iterator[Run]:
    yield partial(np.subtract, constant(1, y.dtype), y, grad_x)
    yield partial(np.multiply, grad_x, y, grad_x)
    yield partial(np.multiply, grad_x, grad_y, grad_x)
