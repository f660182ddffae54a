"""What layers with learned filters have in common: where the filters stand, their weights, their names elsewhere."""

from __future__ import annotations

from math import prod
from typing import Any

from engine.arrays import Shape, describe
from engine.initializer import Initializer
from engine.initializers.he import HeUniform
from engine.kernels.windows import Pair, Windows, same_padding
from engine.layer import OnnxGraph, ShapeError, Weight
from engine.layers.sided import NOUNS, Sided, per_side
from engine.problems import Change
from engine.spec import param


class Filtering(Sided, abstract=True):
    """A layer that slides learned filters along the sides of its input.

    `kernel`, `stride`, `border` and `dilation` are declared anew by every layer, with the type that its rank asks for.
    """

    category = "Convolution"
    kernel: Any = param("How large a filter is.", default=1)
    stride: Any = param("Step between two positions of a filter.", default=1)
    padding: str = param("Zeros around the input.", default="same", choices=("same", "valid", "explicit"))
    border: Any = param("Zeros at each end of a side, where padding is explicit.", default=1, advanced=True)
    dilation: Any = param("Distance between two neighbours within a filter.", default=1, advanced=True)
    use_bias: bool = param("Add a learned constant to every output channel.", default=True)
    initializer: Initializer = param("First values of the filters.", default=HeUniform(), advanced=True)

    def reach(self) -> Shape:
        """Return along each side how far the last value that a filter sees lies behind the first."""
        return tuple(d * (k - 1) for k, d in zip(per_side(self.kernel), per_side(self.dilation), strict=True))

    def pads(self, sides: Shape) -> tuple[Pair, ...]:
        """Return the zeros before and after each side of an array with these sides."""
        if self.padding == "same":
            steps = zip(sides, per_side(self.kernel), per_side(self.stride), per_side(self.dilation), strict=True)
            return tuple(same_padding(*step) for step in steps)
        if self.padding == "causal":
            return tuple((reach, 0) for reach in self.reach())
        return tuple((b, b) if self.padding == "explicit" else (0, 0) for b in per_side(self.border))

    def windows_on(self, channels: int, sides: Shape, pads: tuple[Pair, ...]) -> Windows:
        """Return where the filters stand on an image of these sides, or on a series, seen as one that is a pixel high."""

        def pair(values: Any, one: Any) -> Any:
            return (*((one,) * (2 - self.rank)), *values)

        kernel, stride, dilation = (pair(per_side(v), 1) for v in (self.kernel, self.stride, self.dilation))
        return Windows(channels, pair(sides, 1), kernel, stride, pair(pads, (0, 0)), dilation)

    def check_fit(self, sides: Shape, out: Shape) -> None:
        """Raise ShapeError where no window fits."""
        if min(out) < 1:
            apart = (
                ""
                if set(per_side(self.dilation)) == {1}
                else f", its values {describe(per_side(self.dilation))} apart,"
            )
            raise ShapeError(
                f"A filter of {describe(per_side(self.kernel))}{apart} does not fit into {NOUNS[self.rank]} of "
                f"{describe(sides)}. Take a smaller filter, or padding that keeps the size.",
                Change("padding", "same"),
            )

    def declare(
        self, shape: Shape, filters: int, fan_out: int, memory: tuple[int, ...], units: int = 0
    ) -> dict[str, Weight]:
        """Return the weights: filters of this shape, PyTorch's, with axis `units` for them, and a bias."""
        weight = Weight(
            shape,
            self.initializer,
            fan_in=prod(shape[1:]),
            fan_out=fan_out * prod(per_side(self.kernel)),
            memory=memory,
            units=units,
        )
        return {"weight": weight} | ({"bias": Weight((filters,))} if self.use_bias else {})

    def in_onnx(self, g: OnnxGraph, kind: str, x: str, pads: tuple[Pair, ...], **attributes: Any) -> Any:
        """Return an ONNX convolution of this kind."""
        found = g.op(
            kind,
            self.across(g, x),
            g.weight("weight"),
            *([g.weight("bias")] if self.use_bias else []),
            kernel_shape=list(per_side(self.kernel)),
            strides=list(per_side(self.stride)),
            dilations=list(per_side(self.dilation)),
            pads=[before for before, _ in pads] + [after for _, after in pads],
            **attributes,
        )
        return self.across(g, found)

    def in_torch(self, kind: str, channels: int, filters: int, **more: Any) -> str:
        """Return PyTorch's module."""
        named = {"stride": self.stride} | more | {"dilation": self.dilation, "bias": self.use_bias}
        rest = ", ".join(f"{name}={value}" for name, value in named.items())
        return f"nn.{kind}{self.rank}d({channels}, {filters}, {self.kernel}, {rest})"

    def in_torch_padded(self, channels: int, sides: Shape, filters: int, **more: Any) -> str:
        """Return the call of PyTorch's convolution, which knows no padding that is uneven."""
        pads = self.pads(sides)
        even = all(before == after for before, after in pads)
        padding = tuple(before if even else 0 for before, _ in pads)
        ends = ", ".join(f"{before}, {after}" for before, after in reversed(pads))
        module = self.in_torch("Conv", channels, filters, padding=padding, **more)
        return self.torch_call(module, "{}" if even else f"F.pad({{}}, ({ends}))")
