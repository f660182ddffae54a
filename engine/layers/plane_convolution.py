"""What the convolutions of series and of images have in common: how they are computed."""

from __future__ import annotations

from functools import lru_cache

from engine.arrays import Array, Shape
from engine.kernels import convolution
from engine.kernels.reductions import channel_sums
from engine.kernels.windows import Windows
from engine.layer import Scratch
from engine.layers.convolution import Convolution
from engine.layers.sided import as_image


@lru_cache(maxsize=1024)
def windows_of(layer: Convolution, x: Shape) -> Windows:
    """Return where the filters stand on an image of shape `x`, or on a series, seen as an image one pixel high."""
    channels, sides = layer.split(x)
    return layer.windows_on(channels, sides, layer.pads(sides))


@lru_cache(maxsize=1024)
def _mirror(layer: Convolution, x: Shape) -> Windows | None:
    """Return the windows on the gradient of the output, where going back that way is the cheaper one."""
    windows = windows_of(layer, x)
    return None if layer.filters > 3 * windows.channels else windows.mirror(layer.filters)


def matrix_order(rank: int) -> tuple[int, ...]:
    """Return the order of axes in which filters (F, C, *kernel) lie as (*kernel, C, F), the matrix that products want."""
    return (*range(2, rank + 2), 1, 0)


def filter_matrix(weight: Array) -> Array:
    """Return filters (F, C, *kernel) as the matrix (K·C, F): a view, where they are stored so."""
    return weight.transpose(matrix_order(weight.ndim - 2)).reshape(-1, len(weight))


def flipped_filters(weight: Array) -> Array:
    """Return filters (F, C, *kernel) as a view (*kernel, F, C) that runs backwards along the kernel."""
    rank = weight.ndim - 2
    return weight.transpose(*range(2, rank + 2), 0, 1)[(slice(None, None, -1),) * rank]


class PlaneConvolution(Convolution, abstract=True):
    """A convolution along one or two sides: without groups, one product for a block of windows that fits the cache."""

    def memory(self) -> tuple[int, ...]:
        return matrix_order(self.rank) if self.groups == 1 else ()

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        if self.groups > 1:
            return super().scratch(x)
        windows, mirror = windows_of(self, x), _mirror(self, x)
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
            images, _ = convolution.block_size(windows)
            work["spread"] = Scratch((images, *windows.padded, windows.channels), batched=False)
        return work | {"back_columns": Scratch((count,), batched=False)}

    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        padded: Array,
        columns: Array,
        product: Array | None,
        y: Array,
    ) -> None:
        if product is not None:
            self.convolve(x, weight, bias, padded, columns, product, y)
            return
        cut = convolution.Columns(windows_of(self, x.shape[1:]), padded, columns)
        convolution.convolve(as_image(x), filter_matrix(weight), bias, cut, as_image(y))

    def backward(
        self,
        x: Array,
        weight: Array,
        padded: Array,
        back_columns: Array,
        mirrored: Array | None,
        flipped: Array | None,
        spread: Array | None,
        back_product: Array | None,
        parts: Array | None,
        part: Array | None,
        total: Array | None,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array | None,
    ) -> None:
        if part is None or total is None:
            work = padded, spread, back_columns, back_product, parts
            self.convolve_back(x, weight, *work, grad_y, grad_x, grad_weight, grad_bias)  # type: ignore[arg-type]
            return
        if grad_bias is not None:
            grad_bias[...] = channel_sums(grad_y)
        images, grad, mirror = as_image(x), as_image(grad_y), _mirror(self, x.shape[1:])
        if grad_x is not None and mirror and mirrored is not None and flipped is not None:
            columns = convolution.Columns(mirror, mirrored, back_columns)
            turned = flipped_filters(weight)
            flipped.reshape(turned.shape)[...] = turned
            back, part, total = (m.reshape(-1, images.shape[3]) for m in (flipped, part, total))
            convolution.backward_mirrored(images, grad, columns, back, part, total, as_image(grad_x))
            flipped_filters(grad_weight)[...] = total.reshape(turned.shape)
            return
        columns = convolution.Columns(windows_of(self, x.shape[1:]), padded, back_columns)
        part, total = part.reshape(-1, self.filters), total.reshape(-1, self.filters)
        if grad_x is None or spread is None:
            convolution.backward_filters(images, grad, columns, part, total)
        else:
            filters, out = filter_matrix(weight), as_image(grad_x)
            convolution.backward_scattered(images, grad, columns, filters, part, total, spread, out)
        packed = grad_weight.transpose(matrix_order(self.rank))
        packed[...] = total.reshape(packed.shape)

    def algorithm(self, x: Shape) -> str:
        if self.groups > 1:
            return "one product for each group of each sample, windows copied; gradient added back window by window"
        windows = windows_of(self, x)
        images, rows = convolution.block_size(windows)
        one, many = ("image", "images") if self.rank == 2 else ("series", "series")
        block = f"{rows} rows" if rows < windows.out[0] else f"{images} {many}" if images > 1 else f"one {one}"
        back = "from windows of the gradient" if _mirror(self, x) else "added back window by window"
        how = "no copy" if windows.is_plain else "windows copied"
        return f"one product for {block}, {how}; gradient {back}"
