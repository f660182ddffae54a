"""The largest value of each window of a volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape
from engine.kernels import pooling
from engine.kernels.pooling import COLUMNS, ROWS
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.pool3d import Pool3D, planes, sheets


class MaxPool3D(Pool3D):
    """Keeps the largest value of each window of a volume: y = max x over the window.

    Of equal values one gets the gradient. ONNX: MaxPool. PyTorch: nn.MaxPool3d.

    Use it behind convolutions of volumes and films. Avoid it along an axis with few places: pool the others alone.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels, depth, height, width = self.shape(x)
        thin, low = (channels, depth, *x[2:]), (channels, depth, height, x[3])
        most = (channels, depth, max(height, x[2]), max(width, x[3]))  # padding may make a side longer
        return {
            "thin": Scratch(thin),
            "low": Scratch(low),
            "back_thin": Scratch(thin),
            "back_low": Scratch(low),
            "hit": Scratch(most, dtype="bool"),
            "taken": Scratch(most, dtype="bool"),
            "part": Scratch(most),
        }

    def forward(self, x: Array, thin: Array, low: Array, y: Array) -> None:
        depth, rows, columns = self.taps(x.shape[1:])
        pooling.largest(sheets(x), ROWS, depth, sheets(thin))
        pooling.largest(planes(thin), ROWS, rows, planes(low))
        pooling.largest(planes(low), COLUMNS, columns, planes(y))

    def backward(
        self,
        x: Array,
        thin: Array,
        low: Array,
        y: Array,
        hit: Array,
        taken: Array,
        part: Array,
        back_thin: Array,
        back_low: Array,
        grad_y: Array,
        grad_x: Array,
    ) -> None:
        depth, rows, columns = self.taps(x.shape[1:])
        steps = (
            (planes(low), planes(y), COLUMNS, columns, planes(grad_y), planes(back_low)),
            (planes(thin), planes(low), ROWS, rows, planes(back_low), planes(back_thin)),
            (sheets(x), sheets(thin), ROWS, depth, sheets(back_thin), sheets(grad_x)),
        )
        for source, value, axis, windows, grad, out in steps:
            new, old, share = (work.reshape(-1)[: value.size].reshape(value.shape) for work in (hit, taken, part))
            pooling.largest_back(source, value, axis, windows, new, old, share, grad, out)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("MaxPool", x, **self.onnx_attributes())

    def torch(self, x: Shape) -> str:
        return f"nn.MaxPool3d({self.kernel}, stride={self.stride}, padding={self.padding})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 2, 4, 3),))
        yield Example(cls(kernel=(2, 2, 2), stride=(1, 1, 1), padding=(1, 1, 1)), ((1, 1, 2, 2),))
        yield Example(cls(kernel=(1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), ((1, 2, 3, 3),))
