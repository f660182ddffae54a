"""What takes the length of each window, along one, two or three sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.memory import channels_last, stored
from engine.layer import OnnxGraph, Scratch
from engine.layers.pool import Pool
from engine.spec import param


class LpPool(Pool, abstract=True):
    """A pooling that takes the length of each window; where it holds nothing but zeros, no gradient goes back."""

    p: int = param("The power.", default=2, min=1, max=16, first=True)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        whole, share = (Scratch(stored(s)) for s in (x, self.shape(x)))
        return self.room(x) | {"powers": whole, "slopes": whole, "share": share}

    def forward(self, x: Array, powers: Array, between: Array, y: Array) -> None:
        image = channels_last(y)
        np.abs(channels_last(x), out=powers)
        np.power(powers, self.p, out=powers)
        for axis, windows, source, out in self.steps(x.shape[1:], powers, between, image):
            pooling.total(source, axis, windows, out)
        np.power(image, 1 / self.p, out=image)

    def backward(
        self,
        x: Array,
        y: Array,
        back_between: Array,
        slopes: Array,
        share: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> None:
        image, value, whole = channels_last(x), channels_last(y), channels_last(grad_x)
        share[...] = 0
        np.power(value, 1 - self.p, out=share, where=value > 0)
        np.multiply(share, channels_last(grad_y), out=share)
        for axis, windows, out, grad in reversed(self.steps(x.shape[1:], whole, back_between, share)):
            pooling.total_back(grad, axis, windows, out)
        np.abs(image, out=slopes)
        np.power(slopes, self.p - 1, out=slopes)
        np.copysign(slopes, image, out=slopes)
        np.multiply(whole, slopes, out=whole)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "LpPool", x, p=self.p)

    def torch(self, x: Shape) -> str:
        """PyTorch's knows no padding, and with `ceil_mode` counts a window that reaches over the end as a whole one."""
        ends = list(self.ends(x))
        pads = ", ".join(f"{before}, {after}" for before, after in reversed(ends))
        module = f"nn.LPPool{self.rank}d({self.p}, {self.kernel}, stride={self.stride})"
        return self.torch_call(module, f"F.pad({{}}.abs(), ({pads}))" if any(map(any, ends)) else "{}.abs()")
