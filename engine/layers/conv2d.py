"""Convolution of images."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels import convolution
from engine.kernels.memory import channels_last
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Pair, Windows, same_padding
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.problems import Change
from engine.spec import param

STORED = (2, 3, 1, 0)  # filters lie in memory as the matrix (KH, KW, C, F) that the product wants


@lru_cache(maxsize=1024)
def windows_of(layer: Conv2D, x: Shape) -> Windows:
    """Return where the filters stand on an image of shape `x`."""
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    if layer.padding == "explicit":
        padding = ((layer.border[0],) * 2, (layer.border[1],) * 2)
    if layer.padding == "same":
        vertical, horizontal = (
            same_padding(x[a + 1], layer.kernel[a], layer.stride[a], layer.dilation[a]) for a in (0, 1)
        )
        padding = (vertical, horizontal)
    return Windows(x[0], (x[1], x[2]), layer.kernel, layer.stride, padding, layer.dilation)


@lru_cache(maxsize=1024)
def _mirror(layer: Conv2D, x: Shape) -> Windows | None:
    """Return the windows on the gradient of the output, where going back that way is the cheaper one."""
    if layer.filters > 3 * x[0]:
        return None
    return windows_of(layer, x).mirror(layer.filters)


def filter_matrix(weight: Array) -> Array:
    """Return filters (F, C, KH, KW) as the matrix (KH·KW·C, F): a view, where they are stored so."""
    return weight.transpose(STORED).reshape(-1, len(weight))


class Conv2D(Layer):
    """Slides learned filters over an image: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    LeCun et al., 1989. ONNX: Conv. PyTorch: nn.Conv2d.

    Use it on images: the first choice, with a stride or a pooling to shrink them. Avoid it on tables, whose columns
    have no neighbours: take a Dense.
    """

    category = "Convolution"
    filters: int = param("How many features to look for, so how many output channels.", default=16, min=1, max=4096)
    kernel: tuple[int, int] = param("Height and width of a filter.", default=(3, 3), min=1, max=31, unit=" px")
    stride: tuple[int, int] = param(
        "Step between two positions of a filter.", default=(1, 1), min=1, max=16, unit=" px"
    )
    padding: str = param(
        "Zeros around the image: same keeps its size (divided by the stride), valid adds none, explicit adds border.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: tuple[int, int] = param(
        "Zeros above and below, left and right, where padding is explicit.",
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
            raise ShapeError(f"Conv2D takes an image (channels × height × width), not {describe(x)}.")
        out = windows_of(self, x).out
        if min(out) < 1:
            raise ShapeError(
                f"A filter of {describe(self.kernel)} does not fit into an image of {describe(x[1:])}. "
                "Take a smaller filter, or padding that keeps the size.",
                Change("padding", "same"),
            )
        return (self.filters, *out)

    def weights(self, x: Shape) -> dict[str, Weight]:
        area = self.kernel[0] * self.kernel[1]
        weight = Weight(
            (self.filters, x[0], *self.kernel),
            self.initializer,
            fan_in=x[0] * area,
            fan_out=self.filters * area,
            memory=STORED,
        )
        return {"weight": weight} | ({"bias": Weight((self.filters,))} if self.use_bias else {})

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows, mirror = windows_of(self, x), _mirror(self, x)
        size = (windows.width * self.filters,)
        work = {
            "columns": Scratch((convolution.column_count(windows),), batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }
        count = convolution.column_count(windows)
        if mirror:
            count = max(count, convolution.column_count(mirror))
            work["mirrored"] = Scratch(convolution.padded_shape(mirror), batched=False, kept=True)
            work["flipped"] = Scratch(size, batched=False)
        else:
            images, _ = convolution.block_size(windows)
            work["spread"] = Scratch((images, *windows.padded, x[0]), batched=False)
        return work | {"back_columns": Scratch((count,), batched=False)}

    def forward(self, x: Array, weight: Array, bias: Array | None, columns: Array, padded: Array, y: Array) -> None:
        cut = convolution.Columns(windows_of(self, x.shape[1:]), padded, columns)
        convolution.convolve(channels_last(x), filter_matrix(weight), bias, cut, channels_last(y))

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
        images, grad = channels_last(x), channels_last(grad_y)
        mirror = _mirror(self, x.shape[1:])
        if grad_x is not None and mirror and mirrored is not None and flipped is not None:
            columns = convolution.Columns(mirror, mirrored, back_columns)
            turned = flipped.reshape(*self.kernel, self.filters, x.shape[1])
            turned[...] = weight.transpose(2, 3, 0, 1)[::-1, ::-1]
            filters, part, total = (m.reshape(-1, x.shape[1]) for m in (flipped, part, total))
            convolution.backward_mirrored(images, grad, columns, filters, part, total, channels_last(grad_x))
            grad_weight.transpose(2, 3, 0, 1)[...] = total.reshape(turned.shape)[::-1, ::-1]
            return
        columns = convolution.Columns(windows_of(self, x.shape[1:]), padded, back_columns)
        part, total = part.reshape(-1, self.filters), total.reshape(-1, self.filters)
        if grad_x is None or spread is None:
            convolution.backward_filters(images, grad, columns, part, total)
        else:
            filters, out = filter_matrix(weight), channels_last(grad_x)
            convolution.backward_scattered(images, grad, columns, filters, part, total, spread, out)
        grad_weight.transpose(STORED)[...] = total.reshape(*self.kernel, x.shape[1], self.filters)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        (top, bottom), (left, right) = windows_of(self, g.shape("x")).padding
        bias = [g.weight("bias")] if self.use_bias else []
        return g.op(
            "Conv",
            x,
            g.weight("weight"),
            *bias,
            kernel_shape=list(self.kernel),
            strides=list(self.stride),
            dilations=list(self.dilation),
            pads=[top, left, bottom, right],
        )

    def torch(self, x: Shape) -> str:
        (top, bottom), (left, right) = windows_of(self, x).padding
        padding, call = (top, left), ""
        if (top, left) != (bottom, right):
            padding, call = (0, 0), f"(F.pad(x, ({left}, {right}, {top}, {bottom})))"
        return (
            f"nn.Conv2d({x[0]}, {self.filters}, {self.kernel}, stride={self.stride}, padding={padding}, "
            f"dilation={self.dilation}, bias={self.use_bias}){call}"
        )

    def summary(self) -> str:
        return f"{self.filters} filters · {self.kernel[0]} × {self.kernel[1]}"

    def algorithm(self, x: Shape) -> str:
        windows = windows_of(self, x)
        images, rows = convolution.block_size(windows)
        block = f"{rows} rows" if rows < windows.out[0] else f"{images} images" if images > 1 else "one image"
        back = "from windows of the gradient" if _mirror(self, x) else "added back window by window"
        how = "no copy" if windows.is_plain else "windows copied"
        return f"one product for {block}, {how}; gradient {back}"

    def multiply_adds(self, x: Shape) -> int:
        windows = windows_of(self, x)
        return windows.pixels * windows.width * self.filters

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((3, 5, 6),))
        yield Example(cls(filters=3, padding="valid", use_bias=False), ((5, 5, 4),))
        yield Example(cls(filters=3, kernel=(2, 3), stride=(2, 1), padding="explicit", border=(1, 2)), ((2, 5, 4),))
        yield Example(cls(filters=2, kernel=(3, 2), stride=(2, 2)), ((6, 7, 6),))
        yield Example(cls(filters=2, kernel=(2, 3), dilation=(2, 3)), ((5, 6, 9),))
        yield Example(cls(filters=4, kernel=(1, 1)), ((6, 3, 3),))
        yield Example(cls(filters=20, kernel=(4, 4)), ((1, 6, 6),))
