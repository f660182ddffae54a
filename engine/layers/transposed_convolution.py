"""What the convolutions that enlarge series and images have in common."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels import convolution, scattering, transposed
from engine.kernels.reductions import write_channel_sums
from engine.kernels.windows import Pair, Windows
from engine.layer import OnnxGraph, Scratch, ShapeError, Weight
from engine.layers.block_convolution import filter_matrix, matrix_order
from engine.layers.filtering import Filtering
from engine.layers.sided import NOUNS, as_image, per_side
from engine.problems import Change
from engine.spec import param


@lru_cache(maxsize=1024)
def _ends(layer: TransposedConvolution, sides: Shape) -> tuple[Shape, tuple[Pair, ...]]:
    """Return the sides of the output, and what is cut off before and after each."""
    whole = layer.painted(sides)
    if layer.padding == "same":
        wanted = tuple(n * s for n, s in zip(sides, per_side(layer.stride), strict=True))
        return wanted, layer.pads(wanted)
    pads = layer.pads(whole)
    return tuple(n - before - after for n, (before, after) in zip(whole, pads, strict=True)), pads


@lru_cache(maxsize=1024)
def _windows(layer: TransposedConvolution, x: Shape) -> Windows:
    """Return where each value of an array of shape `x` paints on the output."""
    channels, sides = layer.split(x)
    return replace(layer.windows_on(layer.filters, *_ends(layer, sides)), filters=channels)


class TransposedConvolution(Filtering, abstract=True):
    """A layer whose every input value paints each filter, times itself, onto a larger output."""

    filters: int = param("How many output channels.", default=16, min=1, max=4096, first=True)

    def painted(self, sides: Shape) -> Shape:
        """Return the sides of all that is painted."""
        steps = zip(sides, per_side(self.stride), self.reach(), strict=True)
        return tuple((n - 1) * stride + reach + 1 for n, stride, reach in steps)

    def shape(self, x: Shape) -> Shape:
        _, sides = self.split(x)
        out, _ = _ends(self, sides)
        if min(out) < 1:
            raise ShapeError(
                f"A border of {describe(per_side(self.border))} cuts off all that {NOUNS[self.rank]} of "
                f"{describe(sides)} becomes. Take a smaller border.",
                Change("padding", "same"),
            )
        return self.joined(self.filters, out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        channels, _ = self.split(x)
        shape = (channels, self.filters, *per_side(self.kernel))
        return self.declare(shape, self.filters, self.filters, matrix_order(self.rank), units=1)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows, (channels, _) = _windows(self, x), self.split(x)
        count, size = (convolution.column_count(windows),), (windows.width * channels,)
        images, turned = convolution.block_size(windows)[0], scattering.turned_size(windows)
        room = {"turned": Scratch((turned,), batched=False)} if turned else {}
        return room | {
            "taps": Scratch(count, batched=False),
            "canvas": Scratch(scattering.canvas_shape(windows, images), batched=False),
            "columns": Scratch(count, batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "whole": Scratch((*windows.out, channels)),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }

    @prepared
    def forward(
        self, x: Array, weight: Array, bias: Array | None, taps: Array, turned: Array | None, canvas: Array, y: Array
    ) -> Run:
        windows, work = _windows(self, x.shape[1:]), (taps, turned, canvas)
        return in_turn(transposed.paint(windows, as_image(x), filter_matrix(weight), bias, *work, as_image(y)))

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array,
        columns: Array,
        padded: Array,
        whole: Array,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        calls: list[Run] = [] if grad_bias is None else [partial(write_channel_sums, grad_y, grad_bias)]
        cut = convolution.Columns(_windows(self, x.shape[1:]), padded, columns)
        part, total = part.reshape(-1, len(weight)), total.reshape(-1, len(weight))
        out = whole if grad_x is None else as_image(grad_x)
        filters = filter_matrix(weight)
        calls += convolution.backward_mirrored(as_image(x), as_image(grad_y), cut, filters, part, total, out)
        packed = grad_weight.transpose(matrix_order(self.rank))
        return in_turn([*calls, partial(np.copyto, packed, total.reshape(packed.shape))])

    def _unpainted(self, sides: Shape) -> Shape:
        """Return how many values at the end of each side of the output no value of the input paints."""
        out, pads = _ends(self, sides)
        return tuple(n + sum(ends) - whole for n, ends, whole in zip(out, pads, self.painted(sides), strict=True))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, sides = self.split(g.shape("x"))
        more = list(self._unpainted(sides))
        return self.in_onnx(g, "ConvTranspose", x, _ends(self, sides)[1], output_padding=more)

    def torch(self, x: Shape) -> str:
        channels, sides = self.split(x)
        out, pads = _ends(self, sides)
        even = all(before == after for before, after in pads)
        padding = tuple(before if even else 0 for before, _ in pads)
        more = {"padding": padding, "output_padding": self._unpainted(sides)}
        call = self.torch_call(self.in_torch("ConvTranspose", channels, self.filters, **more))
        if even:
            return call
        parts = [f"{before}:{before + size}" for (before, _), size in zip(pads, out, strict=True)]
        return f"{call}[:, {parts[0]}]" if self.rank == 1 else f"{call}(x)[:, :, {', '.join(parts)}]"

    def summary(self) -> str:
        kernel, stride = (describe(per_side(value)) for value in (self.kernel, self.stride))
        return f"{self.filters} filters · {kernel} · × {stride}"

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.pixels * windows.width * self.split(x)[0]
