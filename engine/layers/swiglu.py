"""The gated unit of large language models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import constant
from engine.layer import OnnxGraph
from engine.layers.gated import Gated


class SwiGLU(Gated):
    """Weighs the second half of the features by the swish of the first: y = a · σ(a) · b, where x = [a, b].

    It halves the features; a Dense before it gives both halves, as in the feed-forward part of LLaMA. Shazeer, 2020.
    ONNX: Split, Sigmoid and Mul. PyTorch: F.silu on one of two chunks.

    Use it in the Dense part of transformers, behind a Dense of twice the width. Avoid it where the features are few,
    for it halves them.
    """

    first: ClassVar[bool] = True

    def bend(self, x: Array, chance: Array, by: Array, out: Array) -> Iterator[Run]:
        yield partial(np.multiply, chance, x, out)
        yield partial(np.multiply, out, by, out)

    def slope(self, x: Array, chance: Array, out: Array) -> Iterator[Run]:
        one = constant(1, x.dtype)
        yield partial(np.subtract, one, chance, out)
        yield partial(np.multiply, out, x, out)
        yield partial(np.add, out, one, out)
        yield partial(np.multiply, out, chance, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        size, axis = g.shape("x"), self.axis(g.shape("x"))
        a, b = g.op("Split", x, g.constant(np.array([size[axis] // 2] * 2)), axis=axis + 1, outputs=2)
        return g.op("Mul", g.op("Mul", a, g.op("Sigmoid", a)), b)

    def torch(self, x: Shape) -> str:
        axis = self.axis(x) + 1
        return f"F.silu(x.chunk(2, {axis})[0]) * x.chunk(2, {axis})[1]"
