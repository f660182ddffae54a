"""A convolution and the pooling behind it as one: what the compiler puts in their place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import convolution
from engine.kernels.memory import channels_last
from engine.kernels.quads import QuadColumns, into_quads, largest_of_quads, quads_back
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Windows
from engine.layer import Example, Layer, Scratch, Weight
from engine.layers.conv2d import Conv2D
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.plane_convolution import filter_matrix, matrix_order, windows_of
from engine.spec import param


def _mirror(layer: Conv2D, x: Shape) -> Windows | None:
    return windows_of(layer, x).mirror(layer.filters)


class PooledConv2D(Layer, abstract=True):
    """The largest of each 2 × 2 outputs of a convolution, which themselves are never kept.

    Each block of images is convolved with its windows in four groups, by the place of their output in its square: then
    pooling compares whole arrays. Of equal values the uppermost in the leftmost column gets the gradient, as in MaxPool2D.
    """

    category = "Convolution"
    convolution: Conv2D = param("The convolution.", default=Conv2D(), hidden=True)

    @classmethod
    def of(cls, first: Layer, second: Layer, *inputs: Shape) -> PooledConv2D | None:
        """Return both layers as one for such inputs of the first; None where they do not suit."""
        if not isinstance(first, Conv2D) or first.groups > 1 or second != MaxPool2D():
            return None
        (x,) = inputs
        windows, mirror = windows_of(first, x), _mirror(first, x)
        whole = all(w is not None and convolution.block_size(w)[1] == w.out[0] for w in (windows, mirror))
        return cls(convolution=first) if whole and not any(size % 2 for size in windows.out) else None

    def shape(self, x: Shape) -> Shape:
        filters, height, width = self.convolution.shape(x)
        return filters, height // 2, width // 2

    def weights(self, x: Shape) -> dict[str, Weight]:
        return self.convolution.weights(x)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        windows, mirror = windows_of(self.convolution, x), _mirror(self.convolution, x)
        assert mirror
        size = (windows.width * self.convolution.filters,)
        count = max(map(convolution.column_count, (windows, mirror)))
        images = max(convolution.block_size(w)[0] for w in (windows, mirror))
        values = Scratch((images * windows.pixels * self.convolution.filters,), batched=False)
        choice = Scratch((int(np.prod(self.shape(x))),), dtype="bool")
        return {
            "columns": Scratch((convolution.column_count(windows),), batched=False),
            "padded": Scratch(convolution.padded_shape(windows), batched=False, kept=True),
            "mirrored": Scratch(convolution.padded_shape(mirror), batched=False, kept=True),
            "back_columns": Scratch((count,), batched=False),
            "values": values,
            "back_values": values,
            "choices": Scratch((3, *choice.shape), dtype="bool"),
            "flipped": Scratch(size, batched=False),
            "part": Scratch(size, batched=False),
            "total": Scratch(size, batched=False),
        }

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
    ) -> None:
        windows, filters = windows_of(self.convolution, x.shape[1:]), filter_matrix(weight)
        chosen, images, out = choices.reshape(3, -1), channels_last(x), channels_last(y)
        pooled = out.reshape(-1)
        for block, matrix in QuadColumns(windows, padded, columns).blocks(images):
            quads = values[: len(matrix) * len(weight)].reshape(len(matrix), -1)
            matrix.dot(filters, quads)  # (P, K) @ (K, F) -> (P, F)
            part = slice(block.start * out[0].size, block.stop * out[0].size)
            largest_of_quads(quads.reshape(4, -1), chosen[:, part], pooled[part])
        if bias is not None:
            rows = out.reshape(-1, out.shape[2] * out.shape[3])
            np.add(rows, np.tile(bias, out.shape[2]), out=rows)

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
    ) -> None:
        if grad_bias is not None:
            grad_bias[...] = channel_sums(grad_y)
        grad, chosen, sample = channels_last(grad_y).reshape(-1), choices.reshape(3, -1), grad_y[0].size

        def quads_of(block: slice) -> Array:
            span = slice(block.start * sample, block.stop * sample)
            quads = back_values[: 4 * grad[span].size].reshape(4, -1)
            quads_back(grad[span], chosen[:, span], quads)
            return quads.reshape(-1, len(weight))

        total[...] = 0
        images, filters = channels_last(x), len(weight)
        windows, mirror = windows_of(self.convolution, x.shape[1:]), _mirror(self.convolution, x.shape[1:])
        if grad_x is None and filters > 3 * x.shape[1]:
            part, total = part.reshape(-1, filters), total.reshape(-1, filters)
            for block, matrix in QuadColumns(windows, padded, back_columns).blocks(images):
                convolution.add_product(matrix, quads_of(block), part, total)  # (K, P) @ (P, F) -> (K, F)
            grad_weight.transpose(matrix_order(2))[...] = total.reshape(*self.convolution.kernel, x.shape[1], filters)
            return
        assert mirror
        turned = flipped.reshape(*self.convolution.kernel, filters, x.shape[1])
        turned[...] = weight.transpose(2, 3, 0, 1)[::-1, ::-1]
        back, part, total = (m.reshape(-1, x.shape[1]) for m in (flipped, part, total))
        out = None if grad_x is None else channels_last(grad_x)
        columns = convolution.Columns(mirror, mirrored, back_columns)
        for start in range(0, len(x), columns.images):
            block = slice(start, min(start + columns.images, len(x)))
            into_quads(columns.inside[: block.stop - block.start], quads_of(block))
            matrix = columns.cut((block, slice(0, mirror.out[0])))
            convolution.add_product(matrix, images[block], part, total)  # (KF, P) @ (P, C) -> (KF, C)
            if out is not None:
                matrix.dot(back, out[block].reshape(-1, x.shape[1]))  # (P, KF) @ (KF, C) -> (P, C)
        grad_weight.transpose(2, 3, 0, 1)[...] = total.reshape(turned.shape)[::-1, ::-1]

    def algorithm(self, x: Shape) -> str:
        images, _ = convolution.block_size(windows_of(self.convolution, x))
        return f"one product for {images} images in four groups, pooled at once; gradient from windows of the gradient"

    def multiply_adds(self, x: Shape) -> int:
        return self.convolution.multiply_adds(x)

    def summary(self) -> str:
        return self.convolution.summary()

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(convolution=Conv2D(filters=2)), ((3, 4, 6),))
        yield Example(cls(convolution=Conv2D(filters=5, kernel=(2, 3), use_bias=False)), ((1, 4, 4),))
        yield Example(cls(convolution=Conv2D(filters=3, padding="valid")), ((5, 6, 8),))
        yield Example(cls(convolution=Conv2D(filters=20, kernel=(1, 1))), ((6, 4, 2),))
