"""Where a padded series becomes an ordinary one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared
from engine.layer import Example, OnnxGraph, Parts, Pointwise
from engine.layers.moved_steps import ZeroPadding


class ForgetPadding(Pointwise):
    """Sets the padded steps of a series to zero; the boxes behind it take them for ordinary ones.

    Formula: y = x · mask.

    The mask is 1 at a step and 0 at padding, everywhere 1 where no Input has one. ONNX: Mul. PyTorch: nn.Identity.

    Use it before layers that mix steps and cannot leave any out, such as Flatten. Avoid it where a recurrent layer,
    attention or a global pooling follows: they leave padding out by themselves.
    """

    category = "Shape and reduction"

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return partial(np.copyto, y, x)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        parts.add("", *((ZeroPadding(), x, mask) if mask else (self, x)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return "nn.Identity()"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 3),))
