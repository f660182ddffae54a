"""Convolution that lengthens series."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels import convolution, transposed
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Windows, same_padding
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.spec import param

STORED = (2, 1, 0)  # filters lie in memory as the matrix (K, F, C) that the product wants


@lru_cache(maxsize=1024)
def _windows(layer: ConvTranspose1D, x: Shape) -> Windows:
    """Return where each step of a series of shape `x` paints on the output, seen as an image one pixel high."""
    same = layer.padding == "same"
    steps = x[0] * layer.stride if same else (x[0] - 1) * layer.stride + layer.kernel
    ends = same_padding(steps, layer.kernel, layer.stride) if same else (0, 0)
    return Windows(layer.filters, (1, steps), (1, layer.kernel), (1, layer.stride), ((0, 0), ends))


def _matrix(weight: Array) -> Array:
    """Return filters (C, F, K) as the matrix (K·F, C): a view, where they are stored so."""
    return weight.transpose(STORED).reshape(-1, len(weight))


class ConvTranspose1D(Layer):
    """Lengthens a series with learned filters: every step paints each filter, times its value, onto a longer series.

    Formula: y[t · stride + k] += Σ x[c, t] · weight[c, f, k] for every step t and tap k, plus b[f].

    It is the gradient of a Conv1D, used forwards. ONNX: ConvTranspose. PyTorch: nn.ConvTranspose1d.

    Use it to bring a series back to the length that it had before it was shortened. Avoid it where a pattern of
    stripes would harm: Upsample and a convolution leave none.
    """

    category = "Convolution"
    filters: int = param("How many output features.", default=16, min=1, max=4096)
    kernel: int = param("How many steps a filter has.", default=3, min=1, max=1024)
    stride: int = param("How many times longer.", default=2, min=1, max=1024)
    padding: str = param(
        "What becomes of the ends: same makes the length times the stride, valid keeps all.",
        default="same",
        choices=("same", "valid"),
    )
    use_bias: bool = param("Add a learned constant to every output feature.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"ConvTranspose1D takes a series (steps × features), not {describe(x)}.")
        return (_windows(self, x).size[1], self.filters)

    def weights(self, x: Shape) -> dict[str, Weight]:
        weight = Weight(
            (x[1], self.filters, self.kernel),
            self.initializer,
            fan_in=x[1] * self.kernel,
            fan_out=self.filters * self.kernel,
            memory=STORED,
        )
        return {"weight": weight} | ({"bias": Weight((self.filters,))} if self.use_bias else {})

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows = _windows(self, x)
        count, size = (convolution.column_count(windows),), (windows.width * x[1],)
        return {
            "taps": Scratch(count, batched=False),
            "canvas": Scratch(transposed.canvas_shape(windows), batched=False),
            "columns": Scratch(count, batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "whole": Scratch(x),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }

    def forward(self, x: Array, weight: Array, bias: Array | None, taps: Array, canvas: Array, y: Array) -> None:
        windows = _windows(self, x.shape[1:])
        transposed.paint(windows, x[:, None], _matrix(weight), bias, taps, canvas, y[:, None])

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
        part, total = part.reshape(-1, x.shape[2]), total.reshape(-1, x.shape[2])
        out = whole if grad_x is None else grad_x
        convolution.backward_mirrored(x[:, None], grad_y[:, None], cut, _matrix(weight), part, total, out[:, None])
        grad_weight.transpose(STORED)[...] = total.reshape(self.kernel, self.filters, x.shape[2])

    def _unpainted(self, x: Shape) -> int:
        """Return the steps at the end of the output that no step of the input paints."""
        return max(_windows(self, x).size[1] - (x[0] - 1) * self.stride - self.kernel, 0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        _, ends = _windows(self, g.shape("x")).padding
        bias = [g.weight("bias")] if self.use_bias else []
        across = g.op("Transpose", x, perm=[0, 2, 1])  # ONNX wants the features right behind the batch
        y = g.op(
            "ConvTranspose",
            across,
            g.weight("weight"),
            *bias,
            kernel_shape=[self.kernel],
            strides=[self.stride],
            pads=list(ends),
            output_padding=[self._unpainted(g.shape("x"))],
        )
        return g.op("Transpose", y, perm=[0, 2, 1])

    def torch(self, x: Shape) -> str:
        windows = _windows(self, x)
        before, steps = windows.padding[1][0], windows.size[1]
        module = (
            f"nn.ConvTranspose1d({x[1]}, {self.filters}, {self.kernel}, stride={self.stride}, "
            f"output_padding={self._unpainted(x)}, bias={self.use_bias})"
        )
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)[:, {before}:{before + steps}]"

    def summary(self) -> str:
        return f"{self.filters} filters · {self.kernel} steps · × {self.stride}"

    def multiply_adds(self, x: Shape) -> int:
        windows = _windows(self, x)
        return windows.pixels * windows.width * x[1]

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((4, 3),))
        yield Example(cls(filters=6, padding="valid", use_bias=False), ((3, 2),))
        yield Example(cls(filters=2, kernel=1, stride=3), ((2, 2),))
