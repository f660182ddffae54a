"""Convolution of series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels import convolution
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Pair, Windows, same_padding
from engine.layer import Example, Layer, OnnxGraph, Parts, Scratch, ShapeError, Weight, mixes_steps
from engine.layers.masked_pooling import FewerSteps
from engine.layers.moved_steps import ToFront
from engine.problems import Change
from engine.spec import param

STORED = (2, 1, 0)  # filters lie in memory as the matrix (K, C, F) that the product wants


@lru_cache(maxsize=1024)
def _windows(layer: Conv1D, x: Shape) -> Windows:
    """Return where the filters stand on a series of shape `x`, seen as an image that is one pixel high."""
    reach = layer.dilation * (layer.kernel - 1)
    ends: dict[str, Pair] = {
        "same": same_padding(x[0], layer.kernel, layer.stride, layer.dilation),
        "valid": (0, 0),
        "causal": (reach, 0),
    }
    padding = ((0, 0), ends[layer.padding])
    return Windows(x[1], (1, x[0]), (1, layer.kernel), (1, layer.stride), padding, (1, layer.dilation))


@lru_cache(maxsize=1024)
def _mirror(layer: Conv1D, x: Shape) -> Windows | None:
    """Return the windows on the gradient of the output, where going back that way is the cheaper one."""
    return None if layer.filters > 3 * x[1] else _windows(layer, x).mirror(layer.filters)


def _matrix(weight: Array) -> Array:
    """Return filters (F, C, K) as the matrix (K·C, F): a view, where they are stored so."""
    return weight.transpose(STORED).reshape(-1, len(weight))


def _image(x: Array) -> Array:
    """Return a series (N, T, C) as an image that is one pixel high, channels last: (N, 1, T, C)."""
    return x[:, None]


class Conv1D(Layer):
    """Slides learned filters along a series: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    A causal one looks back only, so that a step never knows what comes after it. Waibel et al., 1989; dilated and
    causal: van den Oord et al., 2016. ONNX: Conv. PyTorch: nn.Conv1d.
    """

    category = "Convolution"
    filters: int = param("How many features to look for, so how many come out.", default=16, min=1, max=4096)
    kernel: int = param("How many steps a filter sees.", default=3, min=1, max=1024)
    stride: int = param("Steps between two positions of a filter.", default=1, min=1, max=1024)
    padding: str = param(
        "Zeros at the ends: same keeps the length (divided by the stride), valid adds none, causal adds them in front.",
        default="same",
        choices=("same", "valid", "causal"),
    )
    dilation: int = param("Distance between two neighbours within a filter.", default=1, min=1, max=1024, advanced=True)
    use_bias: bool = param("Add a learned constant to every output feature.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"Conv1D takes a series (steps × features), not {describe(x)}.")
        _, steps = _windows(self, x).out
        if steps < 1:
            raise ShapeError(
                f"A filter of {self.kernel} steps, {self.dilation} apart, does not fit into a series of {x[0]}. "
                "Take a smaller filter, or padding that keeps the length.",
                Change("padding", "same"),
            )
        return (steps, self.filters)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if any(masks) and self.padding == "same" and self.stride > 1:
            why = 'cannot leave out padded steps with a stride and the padding "same". Choose "valid" or "causal"'
            raise mixes_steps(self, masks, why)
        return own if any(masks) else None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if mask:
            x = parts.add("front", ToFront(), x, mask)
            reach = self.dilation * (self.kernel - 1)
            added = 0 if self.padding == "valid" else reach
            parts.mask = parts.add("mask", FewerSteps(reach=reach + 1, stride=self.stride, added=added), mask)
        parts.add("", self, x)

    def weights(self, x: Shape) -> dict[str, Weight]:
        weight = Weight(
            (self.filters, x[1], self.kernel),
            self.initializer,
            fan_in=x[1] * self.kernel,
            fan_out=self.filters * self.kernel,
            memory=STORED,
        )
        return {"weight": weight} | ({"bias": Weight((self.filters,))} if self.use_bias else {})

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows, mirror = _windows(self, x), _mirror(self, x)
        size, count = (windows.width * self.filters,), convolution.column_count(windows)
        work = {
            "columns": Scratch((count,), batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }
        if mirror:
            count = max(count, convolution.column_count(mirror))
            work["mirrored"] = Scratch(convolution.padded_shape(mirror), batched=False, kept=True)
            work["flipped"] = Scratch(size, batched=False)
        else:
            series, _ = convolution.block_size(windows)
            work["spread"] = Scratch((series, *windows.padded, x[1]), batched=False)
        return work | {"back_columns": Scratch((count,), batched=False)}

    def forward(self, x: Array, weight: Array, bias: Array | None, columns: Array, padded: Array, y: Array) -> None:
        cut = convolution.Columns(_windows(self, x.shape[1:]), padded, columns)
        convolution.convolve(_image(x), _matrix(weight), bias, cut, _image(y))

    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        back_columns: Array,
        mirrored: Array | None,
        flipped: Array | None,
        spread: Array | None,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> None:
        if grad_bias is not None:
            grad_bias[...] = channel_sums(grad_y)
        series, grad, mirror = _image(x), _image(grad_y), _mirror(self, x.shape[1:])
        if grad_x is not None and mirror and mirrored is not None and flipped is not None:
            columns = convolution.Columns(mirror, mirrored, back_columns)
            turned = flipped.reshape(self.kernel, self.filters, x.shape[2])
            turned[...] = weight.transpose(2, 0, 1)[::-1]
            filters, part, total = (m.reshape(-1, x.shape[2]) for m in (flipped, part, total))
            convolution.backward_mirrored(series, grad, columns, filters, part, total, _image(grad_x))
            grad_weight.transpose(2, 0, 1)[...] = total.reshape(turned.shape)[::-1]
            return
        columns = convolution.Columns(_windows(self, x.shape[1:]), padded, back_columns)
        part, total = part.reshape(-1, self.filters), total.reshape(-1, self.filters)
        if grad_x is None or spread is None:
            convolution.backward_filters(series, grad, columns, part, total)
        else:
            filters, out = _matrix(weight), _image(grad_x)
            convolution.backward_scattered(series, grad, columns, filters, part, total, spread, out)
        grad_weight.transpose(STORED)[...] = total.reshape(self.kernel, x.shape[2], self.filters)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, (before, after) = _windows(self, g.shape("x")).padding
        bias = [g.weight("bias")] if self.use_bias else []
        across = g.op("Transpose", x, perm=[0, 2, 1])  # ONNX wants the features right behind the batch
        y = g.op(
            "Conv",
            across,
            g.weight("weight"),
            *bias,
            kernel_shape=[self.kernel],
            strides=[self.stride],
            dilations=[self.dilation],
            pads=[before, after],
        )
        return g.op("Transpose", y, perm=[0, 2, 1])

    def torch(self, x: Shape) -> str:
        _, (before, after) = _windows(self, x).padding
        module = (
            f"nn.Conv1d({x[1]}, {self.filters}, {self.kernel}, stride={self.stride}, dilation={self.dilation}, "
            f"bias={self.use_bias})"
        )
        series = f"F.pad(x.transpose(1, 2), ({before}, {after}))" if before or after else "x.transpose(1, 2)"
        return f"{module}({series}).transpose(1, 2)"

    def summary(self) -> str:
        return f"{self.filters} filters · {self.kernel} steps" + (" · causal" if self.padding == "causal" else "")

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.pixels * windows.width * self.filters

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((6, 3),))
        yield Example(cls(filters=3, padding="valid", stride=2, use_bias=False), ((6, 5),))
        yield Example(cls(filters=2, kernel=2, padding="causal", dilation=2), ((5, 2),))
        yield Example(cls(filters=8, kernel=4), ((5, 2),))
        yield Example(cls(filters=2, kernel=1), ((3, 6),))
