"""What pooling layers have in common: their windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.kernels.pooling import Tap, taps
from engine.layer import OnnxGraph, Parts, ShapeError, mixes_steps
from engine.layers.masked_pooling import FewerSteps
from engine.layers.moved_steps import ToFront
from engine.layers.side_by_side import SideBySide
from engine.layers.sided import NOUNS, as_param, per_side
from engine.problems import Change
from engine.spec import param

Step = tuple[int, tuple[Tap, ...], Array, Array]  # an axis, its taps, and the arrays before and after


class Pool(SideBySide, abstract=True):
    """A layer that makes one value out of each window, for every channel by itself.

    `kernel`, `stride` and `padding` are declared anew by every layer, with the type that its rank asks for.
    """

    category = "Pooling"
    kernel: Any = param("How large a window is.", default=2)
    stride: Any = param("Step between two windows.", default=2)
    padding: Any = param("How far windows may reach over the ends of a side.", default=0, advanced=True)
    ceil: bool = param(
        "Keep a last window that begins inside but reaches over the far end, so that no value is left out.",
        default=False,
        advanced=True,
    )

    def shape(self, x: Shape) -> Shape:
        channels, sides = self.split(x)
        kernel, padding = per_side(self.kernel), per_side(self.padding)
        if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
            raise ShapeError(
                f"A window of {describe(kernel)} may reach over the end by half its size at most, "
                f"not by {describe(padding)}. Take less padding.",
                Change("padding", as_param(tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True)))),
            )
        out = self.out(x)
        if min(out) < 1:
            fits = (min(k, n + 2 * p) for k, n, p in zip(kernel, sides, padding, strict=True))
            raise ShapeError(
                f"A window of {describe(kernel)} does not fit into {NOUNS[self.rank]} of {describe(sides)}. "
                "Take a smaller window, or pool less before it.",
                Change("kernel", as_param(tuple(fits))),
            )
        return self.joined(channels, out)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if any(masks) and (self.rank > 1 or self.padding or self.ceil):
            raise mixes_steps(self, masks, "cannot reach over the ends of a padded series. Take no padding and no ceil")
        return own if any(masks) else None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if mask:
            x = parts.add("front", ToFront(), x, mask)
            parts.mask = parts.add("mask", FewerSteps(reach=self.kernel, stride=self.stride), mask)
        parts.add("", self, x)

    def out(self, x: Shape) -> Shape:
        """Return the windows along each side."""
        return tuple(axis[1] for axis in self.axes(x))

    def axes(self, x: Shape) -> tuple[tuple[int, int, int, int, int], ...]:
        """Return (size, windows, kernel, stride, padding) of each side."""
        sides = zip(self.split(x)[1], per_side(self.kernel), per_side(self.stride), per_side(self.padding), strict=True)
        return tuple((n, self._windows(n, k, s, p), k, s, p) for n, k, s, p in sides)

    def _windows(self, size: int, kernel: int, stride: int, padding: int) -> int:
        if not self.ceil:
            return (size + 2 * padding - kernel) // stride + 1
        windows = -(-(size + 2 * padding - kernel) // stride) + 1
        return (
            windows - 1 if (windows - 1) * stride >= size + padding else windows
        )  # as PyTorch: the last begins inside

    def steps(self, x: Shape, first: Array, between: Array, last: Array) -> list[Step]:
        """Return the way from the first array to the last, with the taps along each side."""
        path = zip(self.axes(x), self.path(x, first, between, last), strict=True)
        return [(axis, taps(*ends), before, after) for ends, (axis, before, after) in path]

    def summary(self) -> str:
        return f"{self.kernel} steps" if self.rank == 1 else describe(self.kernel)

    def ends(self, x: Shape) -> Iterator[tuple[int, int]]:
        """Yield how far windows reach over both ends of each side."""
        for size, windows, kernel, stride, padding in self.axes(x):
            yield padding, max(padding, (windows - 1) * stride + kernel - size - padding)

    def in_onnx(self, g: OnnxGraph, kind: str, x: str, **attributes: Any) -> Any:
        """Return an ONNX pooling operator. What `ceil` adds is said as padding, on which all of its versions agree."""
        ends = list(self.ends(g.shape("x")))
        windows: dict[str, Any] = {
            "kernel_shape": list(per_side(self.kernel)),
            "strides": list(per_side(self.stride)),
            "pads": [before for before, _ in ends] + [after for _, after in ends],
        }
        return self.across(g, g.op(kind, self.across(g, x), **windows, **attributes))

    def in_torch(self, kind: str, **more: Any) -> str:
        """Return the call of PyTorch's module."""
        named = {"stride": self.stride, "padding": self.padding, "ceil_mode": self.ceil} | more
        windows = ", ".join(f"{name}={value}" for name, value in named.items())
        return self.torch_call(f"nn.{kind}{self.rank}d({self.kernel}, {windows})")
