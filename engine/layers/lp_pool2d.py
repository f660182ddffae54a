"""The length of each window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.memory import channels_last
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool2d import Pool2D
from engine.spec import param


class LpPool2D(Pool2D):
    """Takes the length of each window: y = (Σ |x|^p)^(1/p). A small p is near the sum, a large one near the maximum.

    Where a window holds nothing but zeros, no gradient goes back. Sermanet, Chintala and LeCun, 2012. ONNX: LpPool.
    PyTorch: nn.LPPool2d of |x|.

    Use it between mean and maximum: p of 2 measures the energy of a window. Avoid it where inputs may be all zero in
    whole windows and must still learn.
    """

    p: int = param("The power.", default=2, min=1, max=16)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels, height, width = x
        _, out_height, out_width = self.shape(x)
        down, whole = Scratch((out_height, width, channels)), Scratch((height, width, channels))
        return {
            "powers": whole,
            "down": down,
            "grad": down,
            "slopes": whole,
            "share": Scratch((out_height, out_width, channels)),
        }

    def forward(self, x: Array, powers: Array, down: Array, y: Array) -> None:
        rows, columns = self.taps(x.shape[1:])
        out = channels_last(y)
        np.abs(channels_last(x), out=powers)
        np.power(powers, self.p, out=powers)
        pooling.total(powers, ROWS, rows, down)
        pooling.total(down, COLUMNS, columns, out)
        np.power(out, 1 / self.p, out=out)

    def backward(
        self, x: Array, y: Array, slopes: Array, share: Array, grad: Array, grad_y: Array, grad_x: Array
    ) -> None:
        rows, columns = self.taps(x.shape[1:])
        image, value, out = channels_last(x), channels_last(y), channels_last(grad_x)
        share[...] = 0
        np.power(value, 1 - self.p, out=share, where=value > 0)
        np.multiply(share, channels_last(grad_y), out=share)
        pooling.total_back(share, COLUMNS, columns, grad)
        pooling.total_back(grad, ROWS, rows, out)
        np.abs(image, out=slopes)
        np.power(slopes, self.p - 1, out=slopes)
        np.copysign(slopes, image, out=slopes)
        np.multiply(out, slopes, out=out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("LpPool", x, **self.onnx_attributes(), p=self.p)

    def torch(self, x: Shape) -> str:
        up, left = self.padding
        image = f"F.pad(x.abs(), ({left}, {left}, {up}, {up}))" if up or left else "x.abs()"
        return f"nn.LPPool2d({self.p}, {self.kernel}, stride={self.stride})({image})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(p=3, kernel=(3, 2), stride=(1, 2), padding=(1, 0)), ((2, 4, 4),))
        yield Example(cls(p=1), ((1, 2, 5),))
        yield Example(cls(stride=(1, 1), padding=(1, 1)), ((1, 2, 2),))
