"""Branches that are left out by chance."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.chance import dropping
from engine.kernels.memory import channels_last
from engine.layer import Example, OnnxGraph, Pointwise, Scratch
from engine.spec import param


class DropPath(Pointwise):
    """While training, sets all values of random samples to zero: y = x · mask / (1 - rate), one mask for a sample.

    At the end of a residual branch it leaves the branch out, so that very deep networks learn: stochastic depth. Huang et
    al., 2016. ONNX: nothing. PyTorch: nn.Dropout on a factor for each sample.

    Use it at the end of the residual branches of very deep networks, with a rate that grows with depth. Avoid it
    outside of a shortcut, where it would wipe out whole samples.
    """

    category = "Regularisation"
    idle = True
    apart = "value"
    rate: float = param("The share of samples that are set to zero.", default=0.2, min=0.0, max=0.95)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"mask": Scratch((1,) * len(x))}

    @prepared
    def forward(self, x: Array, mask: Array, rng: Generator, training: bool, y: Array) -> Run:
        if not training:
            return partial(np.copyto, y, x)
        times = partial(np.multiply, channels_last(x), mask, channels_last(y))
        return in_turn((*dropping(rng, self.rate, mask), times))

    @prepared
    def backward(self, mask: Array, grad_y: Array, grad_x: Array) -> Run:
        return partial(np.multiply, channels_last(grad_y), mask, channels_last(grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Identity", x)

    def torch(self, x: Shape) -> str:
        return f"x * nn.Dropout({self.rate})(x.new_ones({', '.join(('x.shape[0]', *('1' for _ in x)))}))"

    def summary(self) -> str:
        return f"{self.rate:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(rate=0.5), ((6,),))
        yield Example(cls(rate=0.6), ((2, 3, 3),))
