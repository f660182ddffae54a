"""Convolution that enlarges images."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels import convolution, transposed
from engine.kernels.memory import channels_last
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Pair, Windows, same_padding
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.problems import Change
from engine.spec import param

STORED = (2, 3, 1, 0)  # filters lie in memory as the matrix (KH, KW, F, C) that the product wants


def _axis(layer: ConvTranspose2D, size: int, axis: int) -> tuple[int, Pair]:
    """Return the size of the output along an axis, and what is cut off before and after."""
    kernel, stride, dilation = layer.kernel[axis], layer.stride[axis], layer.dilation[axis]
    whole = (size - 1) * stride + dilation * (kernel - 1) + 1
    if layer.padding == "same":
        return size * stride, same_padding(size * stride, kernel, stride, dilation)
    border = layer.border[axis] if layer.padding == "explicit" else 0
    return whole - 2 * border, (border, border)


@lru_cache(maxsize=1024)
def _windows(layer: ConvTranspose2D, x: Shape) -> Windows:
    """Return where each pixel of an image of shape `x` paints on the output."""
    (height, vertical), (width, horizontal) = _axis(layer, x[1], 0), _axis(layer, x[2], 1)
    padding = (vertical, horizontal)
    return Windows(layer.filters, (height, width), layer.kernel, layer.stride, padding, layer.dilation)


def _unpainted(windows: Windows, axis: int, size: int) -> int:
    """Return the pixels at the end of an axis of the output that none of `size` pixels of the input paints."""
    painted = (size - 1) * windows.stride[axis] + windows.dilation[axis] * (windows.kernel[axis] - 1) + 1
    return windows.size[axis] + sum(windows.padding[axis]) - painted


def _matrix(weight: Array) -> Array:
    """Return filters (C, F, KH, KW) as the matrix (KH·KW·F, C): a view, where they are stored so."""
    return weight.transpose(STORED).reshape(-1, len(weight))


class ConvTranspose2D(Layer):
    """Enlarges an image with learned filters: every pixel paints each filter, times its value, onto a larger image.

    Formula: y[f, i · stride + k, j · stride + l] += Σ x[c, i, j] · weight[c, f, k, l] for every pixel and tap, plus
    b[f].

    It is the gradient of a Conv2D, used forwards. Zeiler et al., 2010. ONNX: ConvTranspose. PyTorch: nn.ConvTranspose2d.

    Use it in decoders and in networks that paint: autoencoders, segmentation. Avoid it where a pattern of squares
    would harm: let the stride divide the kernel, or take Upsample and a Conv2D.
    """

    category = "Convolution"
    filters: int = param("How many output channels.", default=16, min=1, max=4096)
    kernel: tuple[int, int] = param("Height and width of a filter.", default=(3, 3), min=1, max=31, unit=" px")
    stride: tuple[int, int] = param("How many times higher and wider.", default=(2, 2), min=1, max=16, unit=" px")
    padding: str = param(
        "What becomes of the edge: same makes the size times the stride, valid keeps all, explicit cuts border off.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: tuple[int, int] = param(
        "What is cut off above and below, left and right, where padding is explicit.",
        default=(1, 1),
        min=0,
        max=64,
        unit=" px",
        advanced=True,
    )
    dilation: tuple[int, int] = param(
        "Distance between two neighbours within a filter.", default=(1, 1), min=1, max=16, unit=" px", advanced=True
    )
    use_bias: bool = param("Add a learned constant to every output channel.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 3:
            raise ShapeError(f"ConvTranspose2D takes an image (channels × height × width), not {describe(x)}.")
        size = _windows(self, x).size
        if min(size) < 1:
            raise ShapeError(
                f"A border of {describe(self.border)} cuts off all that an image of {describe(x[1:])} becomes. "
                "Take a smaller border.",
                Change("padding", "same"),
            )
        return (self.filters, *size)

    def weights(self, x: Shape) -> dict[str, Weight]:
        area = self.kernel[0] * self.kernel[1]
        weight = Weight(
            (x[0], self.filters, *self.kernel),
            self.initializer,
            fan_in=x[0] * area,
            fan_out=self.filters * area,
            memory=STORED,
        )
        return {"weight": weight} | ({"bias": Weight((self.filters,))} if self.use_bias else {})

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows = _windows(self, x)
        count, size = (convolution.column_count(windows),), (windows.width * x[0],)
        return {
            "taps": Scratch(count, batched=False),
            "canvas": Scratch(transposed.canvas_shape(windows), batched=False),
            "columns": Scratch(count, batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "whole": Scratch((x[1], x[2], x[0])),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }

    def forward(self, x: Array, weight: Array, bias: Array | None, taps: Array, canvas: Array, y: Array) -> None:
        windows = _windows(self, x.shape[1:])
        transposed.paint(windows, channels_last(x), _matrix(weight), bias, taps, canvas, channels_last(y))

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
    ) -> None:
        if grad_bias is not None:
            grad_bias[...] = channel_sums(grad_y)
        cut = convolution.Columns(_windows(self, x.shape[1:]), padded, columns)
        part, total = part.reshape(-1, x.shape[1]), total.reshape(-1, x.shape[1])
        out = whole if grad_x is None else channels_last(grad_x)
        grad = channels_last(grad_y)
        convolution.backward_mirrored(channels_last(x), grad, cut, _matrix(weight), part, total, out)
        grad_weight.transpose(STORED)[...] = total.reshape(*self.kernel, self.filters, x.shape[1])

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        windows = _windows(self, g.shape("x"))
        (top, bottom), (left, right) = windows.padding
        bias = [g.weight("bias")] if self.use_bias else []
        return g.op(
            "ConvTranspose",
            x,
            g.weight("weight"),
            *bias,
            kernel_shape=list(self.kernel),
            strides=list(self.stride),
            dilations=list(self.dilation),
            pads=[top, left, bottom, right],
            output_padding=[_unpainted(windows, a, g.shape("x")[a + 1]) for a in (0, 1)],
        )

    def torch(self, x: Shape) -> str:
        windows = _windows(self, x)
        (top, bottom), (left, right) = windows.padding
        more = tuple(_unpainted(windows, a, x[a + 1]) for a in (0, 1))
        even = (top, left) == (bottom, right)
        module = (
            f"nn.ConvTranspose2d({x[0]}, {self.filters}, {self.kernel}, stride={self.stride}, "
            f"padding={(top, left) if even else (0, 0)}, output_padding={more}, dilation={self.dilation}, "
            f"bias={self.use_bias})"
        )
        height, width = windows.size
        return module if even else f"{module}(x)[:, :, {top}:{top + height}, {left}:{left + width}]"

    def summary(self) -> str:
        return f"{self.filters} filters · {describe(self.kernel)} · × {describe(self.stride)}"

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.pixels * windows.width * x[0]

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((3, 2, 3),))
        yield Example(cls(filters=6, padding="valid", use_bias=False), ((2, 3, 2),))
        yield Example(cls(filters=2, kernel=(2, 4), stride=(1, 2), padding="explicit", border=(0, 1)), ((2, 3, 2),))
        yield Example(cls(filters=2, kernel=(2, 1), stride=(3, 2)), ((3, 2, 2),))
        yield Example(cls(filters=2, kernel=(2, 2), stride=(1, 1), dilation=(2, 1)), ((2, 3, 3),))
