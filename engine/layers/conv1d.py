"""Convolution of series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from engine.arrays import Shape
from engine.layer import Example, Parts, mixes_steps
from engine.layers.block_convolution import BlockConvolution
from engine.layers.masked_pooling import FewerSteps
from engine.layers.moved_steps import ToFront
from engine.spec import param


class Conv1D(BlockConvolution):
    """Slides learned filters along a series: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    A causal one looks back only, so that a step never knows what comes after it. Waibel et al., 1989; dilated and
    causal: van den Oord et al., 2016; in groups: Krizhevsky et al., 2012. ONNX: Conv. PyTorch: nn.Conv1d.

    Use it on series in which local patterns matter: sensors, sound, characters. Avoid it where what matters lies
    further apart than the filters reach: dilate them, or take a recurrent layer or attention.
    """

    rank: ClassVar[int] = 1
    kernel: int = param("How many steps a filter sees.", default=3, min=1, max=1024)
    stride: int = param("Steps between two positions of a filter.", default=1, min=1, max=1024)
    padding: str = param(
        "Zeros at the ends: same keeps the length (divided by the stride), valid adds none, causal adds them in front, "
        "explicit adds border.",
        default="same",
        choices=("same", "valid", "causal", "explicit"),
    )
    border: int = param("Zeros at either end, where padding is explicit.", default=1, min=0, max=1024, advanced=True)
    dilation: int = param("Distance between two neighbours within a filter.", default=1, min=1, max=1024, advanced=True)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if any(masks) and self.padding == "same" and self.stride > 1:
            why = 'cannot leave out padded steps with a stride and the padding "same". Choose "valid" or "causal"'
            raise mixes_steps(self, masks, why)
        return own if any(masks) else None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if mask:
            x = parts.add("front", ToFront(), x, mask)
            reach = self.dilation * (self.kernel - 1)
            added = {"valid": 0, "explicit": 2 * self.border}.get(self.padding, reach)
            parts.mask = parts.add("mask", FewerSteps(reach=reach + 1, stride=self.stride, added=added), mask)
        parts.add("", self, x)

    def summary(self) -> str:
        words = [f"{self.filters} filters", f"{self.kernel} steps"]
        words += [f"{self.groups} groups"] if self.groups > 1 else []
        return " · ".join(words + (["causal"] if self.padding == "causal" else []))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((6, 3),))
        yield Example(cls(filters=3, padding="valid", stride=2, use_bias=False), ((6, 5),))
        yield Example(cls(filters=2, kernel=2, padding="causal", dilation=2), ((5, 2),))
        yield Example(cls(filters=8, kernel=4), ((5, 2),))
        yield Example(cls(filters=2, kernel=1), ((3, 6),))
        yield Example(cls(filters=2, stride=2, padding="explicit", border=1), ((6, 2),))
        yield Example(cls(filters=4, kernel=2, padding="causal", groups=2), ((4, 6),))
        yield Example(cls(filters=24, kernel=2, dilation=2, groups=4), ((4, 24),))
