"""What takes the length of each window, along one, two or three sides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import pooling
from engine.kernels.memory import channels_last, constant, stored
from engine.layer import OnnxGraph, Scratch
from engine.layers.pool import Pool
from engine.spec import param


class LpPool(Pool, abstract=True):
    """A pooling that takes the length of each window; where it holds nothing but zeros, no gradient goes back."""

    p: int = param("The power.", default=2, min=1, max=16, first=True)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        whole, share = (Scratch(stored(s)) for s in (x, self.shape(x)))
        return self.room(x) | {"powers": whole, "slopes": whole, "share": share}

    @prepared
    def forward(self, x: Array, powers: Array, between: Array, y: Array) -> Run:
        image, calls = channels_last(y), [*_power(channels_last(x), self.p, powers)]
        for axis, windows, source, out in self.steps(x.shape[1:], powers, between, image):
            calls += pooling.total(source, axis, windows, out)
        root = partial(np.sqrt, image, image)
        return in_turn(
            (*calls, root if self.p == 2 else partial(np.power, image, constant(1 / self.p, y.dtype), image))
        )

    @prepared
    def backward(
        self,
        x: Array,
        y: Array,
        back_between: Array,
        slopes: Array,
        share: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> Run:
        image, value, whole = channels_last(x), channels_last(y), channels_last(grad_x)
        calls: list[Run] = [
            partial(
                np.equal, value, constant(0, y.dtype), share
            ),  # 1 where nothing but zeros gets what is divided by it
            partial(np.add, share, value, share),
            *(_power(share, self.p - 1, share) if self.p != 2 else ()),
            partial(np.divide, channels_last(grad_y), share, share),
        ]
        for axis, windows, out, grad in reversed(self.steps(x.shape[1:], whole, back_between, share)):
            calls += pooling.total_back(grad, axis, windows, out)
        if self.p == 2:
            return in_turn((*calls, partial(np.multiply, whole, image, whole)))
        calls += (*_power(image, self.p - 1, slopes), partial(np.copysign, slopes, image, slopes))
        return in_turn((*calls, partial(np.multiply, whole, slopes, whole)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.in_onnx(g, "LpPool", x, p=self.p)

    def torch(self, x: Shape) -> str:
        """PyTorch's knows no padding, and with `ceil_mode` counts a window that reaches over the end as a whole one."""
        ends = list(self.ends(x))
        pads = ", ".join(f"{before}, {after}" for before, after in reversed(ends))
        module = f"nn.LPPool{self.rank}d({self.p}, {self.kernel}, stride={self.stride})"
        return self.torch_call(module, f"F.pad({{}}.abs(), ({pads}))" if any(map(any, ends)) else "{}.abs()")


def _power(x: Array, p: int, out: Array) -> Iterator[Run]:
    """Yield calls that write |x|^p."""
    if p == 2:
        yield partial(np.multiply, x, x, out)
        return
    yield partial(np.abs, x, out)
    if p != 1:
        yield partial(np.power, out, constant(p, x.dtype), out)
