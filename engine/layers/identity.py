"""A box that changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, OnnxGraph, Pointwise


class Identity(Pointwise):
    """Hands its values on unchanged: y = x. It gives a place in the network a name.

    ONNX: Identity. PyTorch: nn.Identity.

    Use it to give a place in the network a name, or to keep a box's place while trying without it. Avoid it anywhere
    else: it does nothing.
    """

    category = "Dense"
    idle = True
    apart = "value"

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return "nn.Identity()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(), ((2, 3, 3),))
