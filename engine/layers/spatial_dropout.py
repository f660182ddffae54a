"""Dropout of whole channels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.chance import dropping
from engine.kernels.memory import channels_last
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError
from engine.spec import param


class SpatialDropout(Pointwise):
    """While training, sets whole channels of an image or features of a series to zero: y = x · mask / (1 - rate).

    Neighbours are alike, so that dropping single pixels would hide little. Tompson et al., 2015. ONNX: nothing. PyTorch:
    nn.Dropout2d and nn.Dropout1d.

    Use it behind convolutions, whose neighbouring pixels are too alike for plain Dropout. Avoid it with few channels,
    for it takes whole ones away.
    """

    category = "Regularisation"
    idle = True
    apart = "step"
    rate: float = param("The share of channels that are set to zero.", default=0.2, min=0.0, max=0.95)

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (2, 3):
            raise ShapeError(f"SpatialDropout takes an image or a series, not {describe(x)}. Use a Dropout there.")
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"mask": Scratch((1, x[0] if len(x) == 3 else x[1]))}

    @prepared
    def forward(self, x: Array, mask: Array, rng: Generator, training: bool, y: Array) -> Run:
        if not training:
            return partial(np.copyto, y, x)
        return in_turn((*dropping(rng, self.rate, mask), self._times(x, mask, y)))

    @prepared
    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> Run:
        return self._times(grad_y, mask, grad_x)

    @staticmethod
    def _times(x: Array, mask: Array, out: Array) -> Run:
        each = mask[:, None] if x.ndim == 4 else mask  # (N, 1, 1, C) or (N, 1, F)
        return partial(np.multiply, channels_last(x), each, channels_last(out))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        if len(x) == 3:
            return f"nn.Dropout2d({self.rate})"
        return f"nn.Dropout1d({self.rate})(x.transpose(1, 2)).transpose(1, 2)"

    def summary(self) -> str:
        return f"{self.rate:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2, 3),))
        yield Example(cls(rate=0.5), ((3, 8),))
