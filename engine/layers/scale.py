"""Values times a number, plus a number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.batch_normalisation import scaling, scaling_back
from engine.kernels.memory import constant, pieces
from engine.kernels.reductions import block_values, channel_rows, row_width
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
        if not self.learned:
            return {}
        width = row_width(x)
        rows, back_rows = (Scratch((count, width), batched=False) for count in (2, 4))
        return {"rows": rows, "back_rows": back_rows, "work": Scratch((block_values(width),), batched=False)}

    @prepared
    def forward(self, x: Array, weight: Array | None, bias: Array | None, rows: Array | None, y: Array) -> Run:
        if weight is not None and bias is not None and rows is not None:
            return in_turn(scaling(channel_rows(x), weight, bias, rows, channel_rows(y)))
        factor, offset = constant(self.factor, x.dtype), constant(self.offset, x.dtype)
        calls: list[Run] = []
        for source, out in pieces(x, y):
            calls += (partial(np.multiply, source, factor, out), partial(np.add, out, offset, out))
        return in_turn(calls)

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array | None,
        work: Array | None,
        back_rows: Array | None,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array | None,
        grad_bias: Array | None,
    ) -> Run:
        if weight is None or work is None or back_rows is None or grad_weight is None or grad_bias is None:
            factor, parts = constant(self.factor, x.dtype), () if grad_x is None else pieces(grad_y, grad_x)
            return in_turn(partial(np.multiply, grad, factor, out) for grad, out in parts)
        source, grad, out = channel_rows(x), channel_rows(grad_y), None if grad_x is None else channel_rows(grad_x)
        return in_turn(scaling_back(source, weight, grad, work, back_rows, grad_weight, grad_bias, out))

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
