"""Values times a number, plus a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.memory import channels_last, shaped_like
from engine.kernels.reductions import channel_sums
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight
from engine.spec import param


class Scale(Pointwise):
    """Multiplies every value by a factor and adds an offset: y = factor · x + offset.

    Learned, each feature or channel gets its own, beginning with these; a small factor calms the branches of very deep
    networks (Touvron et al., 2021). ONNX: Mul and Add. PyTorch: * and +.

    Use it to bring values into another range, such as 0..255 to 0..1. Avoid it for columns of data: the Input's
    preprocessing fits the numbers itself.
    """

    category = "Dense"
    apart = "step"
    factor: float = param("What every value is multiplied by.", default=1.0, min=-1e9, max=1e9)
    offset: float = param("What is added then.", default=0.0, min=-1e9, max=1e9)
    learned: bool = param("Learn a factor and an offset for each feature or channel.", default=False)

    def shape(self, x: Shape) -> Shape:
        if self.learned and len(x) not in (1, 2, 3):
            raise ShapeError(f"A learned Scale takes a vector, a series or an image, not {describe(x)}.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        if not self.learned:
            return {}
        each = (x[0] if len(x) == 3 else x[-1],)
        return {"weight": Weight(each, fill=self.factor), "bias": Weight(each, fill=self.offset)}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"product": Scratch(x)} if self.learned else {}

    def forward(self, x: Array, weight: Array | None, bias: Array | None, y: Array) -> None:
        out = channels_last(y)
        np.multiply(channels_last(x), self.factor if weight is None else weight, out=out)
        np.add(out, self.offset if bias is None else bias, out=out)

    def backward(
        self,
        x: Array,
        weight: Array | None,
        product: Array | None,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array | None,
        grad_bias: Array | None,
    ) -> None:
        if product is not None and grad_weight is not None and grad_bias is not None:
            np.multiply(x, grad_y, out=shaped_like(x, product))
            grad_weight[...] = channel_sums(shaped_like(x, product))
            grad_bias[...] = channel_sums(grad_y)
        if grad_x is not None:
            factor = self.factor if weight is None else weight
            np.multiply(channels_last(grad_y), factor, out=channels_last(grad_x))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if not self.learned:
            y = g.op("Mul", x, g.constant(np.float32(self.factor)))
            return g.op("Add", y, g.constant(np.float32(self.offset)))
        factor, offset = g.weight("weight"), g.weight("bias")
        if len(g.shape("x")) == 3:
            pixels = g.constant(np.array([1, 2]))
            factor, offset = g.op("Unsqueeze", factor, pixels), g.op("Unsqueeze", offset, pixels)
        return g.op("Add", g.op("Mul", x, factor), offset)

    def torch(self, x: Shape) -> str:
        return "" if self.learned else f"x * {self.factor} + {self.offset}"

    def summary(self) -> str:
        if self.learned:
            return "learned"
        return f"× {self.factor:g}" + (f" + {self.offset:g}" if self.offset else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(factor=0.5, offset=-1.0), ((4,),))
        yield Example(cls(learned=True), ((2, 3, 3),))
        yield Example(cls(learned=True), ((3, 4),))
