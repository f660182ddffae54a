"""The gated linear unit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run
from engine.kernels.memory import constant
from engine.layer import OnnxGraph
from engine.layers.gated import Gated


class GLU(Gated):
    """Lets the second half of the features decide how much of the first passes: y = a · σ(b), where x = [a, b].

    It halves the features (the channels of an image). Dauphin et al., 2017. ONNX: Split, Sigmoid and Mul. PyTorch: nn.GLU.

    Use it behind a Dense or a convolution of twice the width, in networks on texts and series. Avoid it where the
    features are few, for it halves them.
    """

    def bend(self, x: Array, chance: Array, by: Array, out: Array) -> Iterator[Run]:
        yield partial(np.multiply, chance, by, out)

    def slope(self, x: Array, chance: Array, out: Array) -> Iterator[Run]:
        yield partial(np.subtract, constant(1, x.dtype), chance, out)
        yield partial(np.multiply, out, chance, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        size, axis = g.shape("x"), self.axis(g.shape("x"))
        a, b = g.op("Split", x, g.constant(np.array([size[axis] // 2] * 2)), axis=axis + 1, outputs=2)
        return g.op("Mul", a, g.op("Sigmoid", b))

    def torch(self, x: Shape) -> str:
        return f"nn.GLU(dim={self.axis(x) + 1})"
