"""A convolution and the pooling behind it as one: what the compiler puts in their place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import convolution
from engine.kernels.convolution import Columns
from engine.kernels.memory import channels_last, stretches
from engine.kernels.products import product
from engine.kernels.quads import QuadColumns, into_quads, largest_of_quads, quads_back
from engine.kernels.reductions import write_channel_sums
from engine.kernels.windows import Windows
from engine.layer import Example, Layer, Scratch
from engine.layers.block_convolution import filter_matrix, flipped_filters, matrix_order
from engine.layers.conv2d import Conv2D
from engine.layers.convolution import windows_of
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.wrapped_convolution import WrappedConvolution
from engine.spec import param

LARGEST = 1 << 23  # values in the windows of an image: with more, they need more memory than pooling at once saves


def _mirror(layer: Conv2D, x: Shape) -> Windows | None:
    return windows_of(layer, x).mirror()


class _Quads:
    """The gradient (N, H, W, F) at the pooling's output, block by block, as that at the convolution's output, in quads."""

    def __init__(self, grad: Array, choices: Array, values: Array) -> None:
        self._grad, self._chosen, self._values = grad, choices.reshape(3, -1), values

    def of(self, block: slice) -> tuple[Run, Array]:
        """Return the matrix (P, F) of some images, and the call that fills it."""
        sample, filters = self._grad[0].size, self._grad.shape[-1]
        span = slice(block.start * sample, block.stop * sample)
        flat = self._grad.reshape(-1)[span]
        quads = self._values[: 4 * flat.size].reshape(4, -1)
        return partial(quads_back, flat, self._chosen[:, span], quads), quads.reshape(-1, filters)


def _from_windows(x: Array, columns: QuadColumns, quads: _Quads, part: Array, total: Array) -> Iterator[Run]:
    """Add up the gradient of the filters (K, F) from the windows of images."""
    for number, (block, fill, matrix) in enumerate(columns.blocks(x)):
        back, values = quads.of(block)
        yield from fill
        yield back
        yield from convolution.add_product(number, matrix, values, part, total)  # (K, P) @ (P, F) -> (K, F)


def _mirrored(
    x: Array, columns: Columns, quads: _Quads, flipped: Array, part: Array, total: Array, grad_x: Array | None
) -> Iterator[Run]:
    """Add up the gradient of the flipped filters (KF, C), and write that of the images, from the windows of the gradient."""
    for number, block in enumerate(stretches(len(x), columns.images)):
        back, values = quads.of(block)
        yield back
        yield partial(into_quads, columns.inside[: block.stop - block.start], values)
        cut, matrix = columns.cut((block, slice(0, columns.windows.out[0])))
        copies, pixels = convolution.in_rows(x[block])
        yield from (cut, *copies)
        yield from convolution.add_product(number, matrix, pixels, part, total)  # (KF, P) @ (P, C) -> (KF, C)
        if grad_x is not None:
            yield product(matrix, flipped, grad_x[block].reshape(-1, x.shape[3]))  # (P, KF) @ (KF, C) -> (P, C)


class PooledConv2D(WrappedConvolution, abstract=True):
    """The largest of each 2 × 2 outputs of a convolution, which themselves are never kept.

    Each block of images is convolved with its windows in four groups, by the place of their output in its square: then
    pooling compares whole arrays. Of equal values the uppermost in the leftmost column gets the gradient, as in MaxPool2D.
    """

    convolution: Conv2D = param("The convolution.", default=Conv2D(), hidden=True)

    @classmethod
    def of(cls, first: Layer, second: Layer, *inputs: Shape) -> PooledConv2D | None:
        """Return both layers as one for such inputs of the first; None where they do not suit."""
        if not isinstance(first, Conv2D) or first.groups > 1 or second != MaxPool2D():
            return None
        (x,) = inputs
        windows, mirror = windows_of(first, x), _mirror(first, x)
        small = all(w is not None and w.pixels * w.width <= LARGEST for w in (windows, mirror))
        return cls(convolution=first) if small and not any(size % 2 for size in windows.out) else None

    def shape(self, x: Shape) -> Shape:
        return MaxPool2D().shape(super().shape(x))

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows, mirror = windows_of(self.convolution, x), _mirror(self.convolution, x)
        assert mirror
        size = (windows.width * self.convolution.filters,)
        count = max(convolution.column_count(w, whole=True) for w in (windows, mirror))
        images = max(convolution.block_size(w)[0] for w in (windows, mirror))
        values = Scratch((images * windows.pixels * self.convolution.filters,), batched=False)
        return {
            "columns": Scratch((convolution.column_count(windows, whole=True),), batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "mirrored": Scratch(convolution.padded_shape(mirror), batched=False, kept=True),
            "back_columns": Scratch((count,), batched=False),
            "values": values,
            "back_values": values,
            "choices": Scratch((3, prod(self.shape(x))), dtype="bool"),
            "flipped": Scratch(size, batched=False),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        columns: Array,
        padded: Array,
        values: Array,
        choices: Array,
        y: Array,
    ) -> Run:
        windows, filters = windows_of(self.convolution, x.shape[1:]), filter_matrix(weight)
        chosen, images, out = choices.reshape(3, -1), channels_last(x), channels_last(y)
        pooled, calls = out.reshape(-1), list[Run]()
        for block, fill, matrix in QuadColumns(windows, padded, columns).blocks(images):
            quads = values[: len(matrix) * len(weight)].reshape(len(matrix), -1)
            part = slice(block.start * out[0].size, block.stop * out[0].size)
            pool = partial(largest_of_quads, quads.reshape(4, -1), chosen[:, part], pooled[part])
            calls += [*fill, product(matrix, filters, quads), pool]  # (P, K) @ (K, F) -> (P, F)
        return in_turn([*calls, *(() if bias is None else convolution.add_bias(bias, out))])

    @prepared
    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        mirrored: Array,
        back_columns: Array,
        back_values: Array,
        choices: Array,
        flipped: Array,
        part: Array,
        total: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> Run:
        calls: list[Run] = [] if grad_bias is None else [partial(write_channel_sums, grad_y, grad_bias)]
        images, filters = channels_last(x), len(weight)
        quads = _Quads(channels_last(grad_y), choices, back_values)
        windows, mirror = windows_of(self.convolution, x.shape[1:]), _mirror(self.convolution, x.shape[1:])
        if grad_x is None and filters > 3 * x.shape[1]:
            columns = QuadColumns(windows, padded, back_columns)
            calls += _from_windows(images, columns, quads, part.reshape(-1, filters), total.reshape(-1, filters))
            packed = grad_weight.transpose(matrix_order(2))
            return in_turn([*calls, partial(np.copyto, packed, total.reshape(packed.shape))])
        assert mirror
        turned = flipped.reshape(*self.convolution.kernel, filters, x.shape[1])
        calls.append(partial(np.copyto, turned, flipped_filters(weight)))
        cut, out = Columns(mirror, mirrored, back_columns), None if grad_x is None else channels_last(grad_x)
        back, part, total = (m.reshape(-1, x.shape[1]) for m in (flipped, part, total))
        calls += _mirrored(images, cut, quads, back, part, total, out)
        return in_turn([*calls, partial(np.copyto, flipped_filters(grad_weight), total.reshape(turned.shape))])

    def algorithm(self, x: Shape) -> str:
        images = convolution.block_size(windows_of(self.convolution, x))[0]
        return f"one product for {images} images in four groups, pooled at once; gradient from windows of the gradient"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv2D(filters=2)), ((3, 4, 6),))
        yield Example(cls(convolution=Conv2D(filters=5, kernel=(2, 3), use_bias=False)), ((1, 4, 4),))
        yield Example(cls(convolution=Conv2D(filters=3, padding="valid")), ((5, 6, 8),))
        yield Example(cls(convolution=Conv2D(filters=20, kernel=(1, 1))), ((6, 4, 2),))
