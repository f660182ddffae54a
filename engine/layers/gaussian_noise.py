"""Noise that makes a network robust."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import constant, pieces, shaped_like
from engine.layer import Example, OnnxGraph, Pointwise, Scratch
from engine.spec import param


class GaussianNoise(Pointwise):
    """While training, adds normal noise to every value: y = x + spread · n. It does nothing afterwards.

    Put behind an Input it makes slightly different samples of each. Bishop, 1995. ONNX: nothing. PyTorch: none.

    Use it behind an Input with few samples, so that none is seen twice in the same form. Avoid it behind layers
    without a normalisation, which learn to drown the noise by growing.
    """

    category = "Regularisation"
    idle = True
    apart = "value"
    spread: float = param("Standard deviation of the noise.", default=0.1, min=0.0, max=1e6)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"noise": Scratch(x)}

    @prepared
    def forward(self, x: Array, noise: Array, rng: Generator, training: bool, y: Array) -> Run:
        if not training:
            return partial(np.copyto, y, x)
        calls: list[Run] = []
        for drawn, source, out in pieces(shaped_like(x, noise), x, y):
            calls.append(partial(rng.standard_normal, out=drawn, dtype=drawn.dtype))
            calls.append(partial(np.multiply, drawn, constant(self.spread, x.dtype), drawn))
            calls.append(partial(np.add, source, drawn, out))
        return in_turn(calls)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.copyto, grad_x, grad_y)

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
