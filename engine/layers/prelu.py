"""The rectifier that learns how much to let through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.leaking import leaking, leaking_back
from engine.kernels.reductions import block_values, channel_rows, row_width
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
        width = row_width(x)
        work = Scratch((block_values(width),), batched=False)
        rows = Scratch((4, width), batched=False)
        return {"work": work, "back_work": work, "row": Scratch((width,), batched=False), "rows": rows}

    @prepared
    def forward(self, x: Array, weight: Array, work: Array, row: Array, y: Array) -> Run:
        return in_turn(leaking(channel_rows(x), weight, work, row, channel_rows(y)))

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array,
        back_work: Array,
        rows: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
    ) -> Run:
        source, grad, out = channel_rows(x), channel_rows(grad_y), None if grad_x is None else channel_rows(grad_x)
        return in_turn(leaking_back(source, weight, grad, back_work, rows, grad_weight, out))

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
