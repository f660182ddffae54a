"""The rectifier that learns how much to let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last, shaped_like
from engine.kernels.reductions import channel_sums
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight
from engine.spec import param


class PReLU(Pointwise):
    """Keeps what is positive and multiplies the rest by a learned slope: y = max(x, 0) + w · min(x, 0).

    One slope for all, or one for each feature or channel. He et al., 2015. ONNX: PRelu. PyTorch: nn.PReLU.

    Use it in deep image networks, where the slope below zero should be learned. Avoid it with few samples, for it adds
    weights.
    """

    category = "Activation"
    apart = "step"
    start: float = param("The slope to begin with.", default=0.25, min=-10.0, max=10.0)
    each: bool = param("Learn a slope for each feature or channel, not one for all.", default=False)

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2, 3):
            raise ShapeError(f"PReLU takes a vector, a series or an image, not {describe(x)}.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        channels = x[0] if len(x) == 3 else x[-1]
        return {"weight": Weight((channels if self.each else 1,), fill=self.start)}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"low": Scratch(x), "negative": Scratch(x)}

    def forward(self, x: Array, weight: Array, low: Array, y: Array) -> None:
        source, out, below = map(channels_last, (x, y, shaped_like(x, low)))
        np.minimum(source, 0, out=below)
        np.multiply(below, weight, out=below)
        np.maximum(source, 0, out=out)
        np.add(out, below, out=out)

    def backward(
        self, x: Array, weight: Array, negative: Array, grad_y: Array, grad_x: Array | None, grad_weight: Array
    ) -> None:
        source, grad, below = map(channels_last, (x, grad_y, shaped_like(x, negative)))
        np.minimum(source, 0, out=below)
        np.multiply(below, grad, out=below)
        sums = channel_sums(shaped_like(x, negative))
        grad_weight[...] = sums if self.each else sums.sum()
        if grad_x is not None:
            out = channels_last(grad_x)
            np.multiply(grad, weight, out=out)
            np.copyto(out, grad, where=source > 0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        images = self.each and len(g.shape("x")) == 3
        slope = g.op("Unsqueeze", g.weight("weight"), g.constant(np.array([1, 2]))) if images else g.weight("weight")
        return g.op("PRelu", x, slope)

    def torch(self, x: Shape) -> str:
        count = (x[0] if len(x) == 3 else x[-1]) if self.each else 1
        module = f"nn.PReLU({count}, init={self.start})"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)" if len(x) == 2 and self.each else module

    def summary(self) -> str:
        return "one each" if self.each else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(each=True), ((2, 3, 3),))
        yield Example(cls(each=True, start=0.1), ((3, 4),))
