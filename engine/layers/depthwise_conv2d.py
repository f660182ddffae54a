"""Convolution of every channel of an image by itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels import depthwise
from engine.kernels.memory import channels_last
from engine.kernels.reductions import write_channel_sums
from engine.kernels.windows import Windows
from engine.layer import Example, Layer, OnnxGraph, Scratch, Weight
from engine.layers.conv2d import Conv2D
from engine.layers.image_filtering import ImageFiltering
from engine.spec import param

FEWEST = 8  # channels, for each filter of a channel, from which on it is the faster one of two that compute the same
STORED = (2, 3, 0, 1)  # filters lie in memory tap by tap: (KH, KW, C·M, 1)


@lru_cache(maxsize=1024)
def _windows(layer: DepthwiseConv2D, x: Shape) -> Windows:
    """Return where the filters stand on an image of shape `x`."""
    return layer.windows_on(x[0], x[1:], layer.pads(x[1:]))


class DepthwiseConv2D(ImageFiltering):
    """Slides filters over every channel of an image by itself: y[c, m] = sum of x[c] over each window, weighted, plus b.

    It never mixes channels, so it has few weights; a Conv2D of 1 × 1 behind it does that. Chollet, 2017; Howard et al.,
    2017. ONNX: Conv with a group for each channel. PyTorch: nn.Conv2d with groups.

    Use it in small networks for small devices, with a Conv2D of 1 × 1 behind it. Avoid it alone: it never mixes
    channels.
    """

    multiplier: int = param(
        "How many filters, so output channels, each channel has.", default=1, min=1, max=64, first=True
    )

    @classmethod
    def of(cls, layer: Layer, *inputs: Shape) -> DepthwiseConv2D | None:
        """Return a convolution that has a group for each channel as one of these; None where it is none or that is slower."""
        if not isinstance(layer, Conv2D) or layer.groups != inputs[0][0]:
            return None
        multiplier = layer.filters // layer.groups
        shared = {name: getattr(layer, name) for name in cls.params() if name != "multiplier"}
        return cls(multiplier=multiplier, **shared) if layer.groups >= FEWEST * multiplier else None

    def shape(self, x: Shape) -> Shape:
        channels, sides = self.split(x)
        out = _windows(self, x).out
        self.check_fit(sides, out)
        return (channels * self.multiplier, *out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        filters = x[0] * self.multiplier
        return self.declare((filters, 1, *self.kernel), filters, self.multiplier, STORED)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows = _windows(self, x)
        count = depthwise.images_at_once(windows)
        filters = (*self.kernel, self.multiplier)
        work = Scratch((2, depthwise.work_values(windows)), batched=False)
        return {
            "ordered": Scratch((count, *depthwise.ordered_shape(windows)), batched=False, kept=True),
            "bordered": Scratch((count, *depthwise.bordered_shape(windows)), batched=False, kept=True),
            "rows": Scratch((*filters, depthwise.row_columns(windows), x[0]), batched=False),
            "shift": Scratch((windows.out[1], x[0] * self.multiplier), batched=False),
            "work": work,
            "back_work": work,
            "totals": Scratch((*filters, windows.out[1] * x[0]), batched=False),
        }

    def _taps(self, weight: Array) -> Array:
        """Return filters (C·M, 1, KH, KW) as (KH, KW, M, C): a view, where they are stored so."""
        return weight.transpose(STORED).reshape(*self.kernel, -1, self.multiplier).swapaxes(2, 3)

    def _apart(self, image: Array) -> Array:
        """Return an image (N, C·M, H, W) as (N, H, W, C, M)."""
        last = channels_last(image)
        return last.reshape(*last.shape[:3], -1, self.multiplier)

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        rows: Array,
        shift: Array,
        ordered: Array,
        work: Array,
        y: Array,
    ) -> Run:
        windows, repeated = _windows(self, x.shape[1:]), None if bias is None else shift
        calls: list[Run] = [partial(np.copyto, rows, self._taps(weight)[..., None, :])]
        if bias is not None:
            calls.append(partial(np.copyto, shift, bias))
        calls += depthwise.convolve(windows, channels_last(x), rows, repeated, ordered, work, self._apart(y))
        return in_turn(calls)

    @prepared
    def backward(
        self,
        x: Array,
        rows: Array,
        ordered: Array,
        bordered: Array,
        back_work: Array,
        totals: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        windows, grad = _windows(self, x.shape[1:]), self._apart(grad_y)
        images, out = channels_last(x), None if grad_x is None else channels_last(grad_x)
        calls: list[Run] = []
        if grad_bias is not None:
            calls.append(partial(write_channel_sums, grad_y, grad_bias))
        calls += depthwise.backward(windows, images, rows, grad, ordered, bordered, back_work, totals, out)
        calls.append(partial(np.sum, totals.reshape(*totals.shape[:3], -1, x.shape[1]), 3, out=self._taps(grad_weight)))
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        channels, sides = self.split(g.shape("x"))
        return self.in_onnx(g, "Conv", x, self.pads(sides), group=channels)

    def torch(self, x: Shape) -> str:
        return self.in_torch_padded(*self.split(x), x[0] * self.multiplier, groups=x[0])

    def summary(self) -> str:
        return f"{describe(self.kernel)}" + (f" · {self.multiplier} for each channel" if self.multiplier > 1 else "")

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.pixels * windows.width * self.multiplier

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(multiplier=2, padding="valid", use_bias=False), ((3, 4, 3),))
        yield Example(cls(kernel=(2, 3), stride=(2, 1), dilation=(1, 2)), ((2, 4, 5),))
        yield Example(cls(multiplier=3, kernel=(1, 2), padding="explicit", border=(0, 1)), ((1, 3, 3),))
