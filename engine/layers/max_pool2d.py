"""The largest value of each window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.memory import channels_last
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool2d import Pool2D


class MaxPool2D(Pool2D):
    """Keeps the largest value of each window: y = max x over the window.

    Of equal values the uppermost in the leftmost column gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool2d.

    Use it behind convolutions, to halve the image and keep what is strongest. Avoid it where every pixel must be told
    apart later, as in segmentation without shortcuts.
    """

    selects_largest: ClassVar[bool] = True

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels, _, width = x
        _, out_height, out_width = self.shape(x)
        down = (out_height, width, channels)
        most = (out_height, max(width, out_width), channels)  # padding may make rows longer
        return {
            "down": Scratch(down),
            "grad": Scratch(down),
            "part": Scratch(most),
            "hit": Scratch(most, dtype="bool"),
            "taken": Scratch(most, dtype="bool"),
        }

    def forward(self, x: Array, down: Array, y: Array) -> None:
        rows, columns = self.taps(x.shape[1:])
        pooling.largest(channels_last(x), ROWS, rows, down)
        pooling.largest(down, COLUMNS, columns, channels_last(y))

    def backward(
        self,
        x: Array,
        down: Array,
        y: Array,
        hit: Array,
        taken: Array,
        part: Array,
        grad: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> None:
        rows, columns = self.taps(x.shape[1:])
        steps = (
            (down, channels_last(y), COLUMNS, columns, channels_last(grad_y), grad),
            (channels_last(x), down, ROWS, rows, grad, channels_last(grad_x)),
        )
        for source, value, axis, windows, arriving, out in steps:
            new, old, share = (work.reshape(-1)[: value.size].reshape(value.shape) for work in (hit, taken, part))
            pooling.largest_back(source, value, axis, windows, new, old, share, arriving, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("MaxPool", x, **self.onnx_attributes())

    def torch(self, x: Shape) -> str:
        return f"nn.MaxPool2d({self.kernel}, stride={self.stride}, padding={self.padding})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 6),))
        yield Example(cls(kernel=(3, 2), stride=(1, 2)), ((2, 5, 5),))
        yield Example(cls(kernel=(3, 3), padding=(1, 1)), ((3, 5, 6),))
        yield Example(cls(kernel=(1, 2), stride=(3, 1)), ((2, 5, 4),))
        yield Example(cls(stride=(1, 1), padding=(1, 1)), ((1, 2, 2),))
