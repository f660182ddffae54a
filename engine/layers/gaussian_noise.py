"""Noise that makes a network robust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.kernels.memory import pieces, shaped_like
from engine.layer import Example, OnnxGraph, Pointwise, Scratch
from engine.spec import param


class GaussianNoise(Pointwise):
    """While training, adds normal noise to every value: y = x + spread · n. It does nothing afterwards.

    Put behind an Input it makes slightly different samples of each. Bishop, 1995. ONNX: nothing. PyTorch: none.

    Use it behind an Input with few samples, so that none is seen twice in the same form. Avoid it behind layers
    without a normalisation, which learn to drown the noise by growing.
    """

    category = "Regularisation"
    apart = "value"
    spread: float = param("Standard deviation of the noise.", default=0.1, min=0.0, max=1e6)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"noise": Scratch(x)}

    def forward(self, x: Array, noise: Array, rng: Generator, training: bool, y: Array) -> None:
        if not training:
            y[...] = x
            return
        for drawn, source, out in pieces(shaped_like(x, noise), x, y):
            rng.standard_normal(out=drawn, dtype=drawn.dtype)
            np.multiply(drawn, self.spread, out=drawn)
            np.add(source, drawn, out=out)

    def backward(self, grad_y: Array, grad_x: Array) -> None:
        grad_x[...] = grad_y

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return ""  # PyTorch has no module for it

    def summary(self) -> str:
        return f"± {self.spread:g}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6,),))
        yield Example(cls(spread=0.5), ((2, 3, 3),))
