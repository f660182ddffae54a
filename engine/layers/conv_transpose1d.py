"""Convolution that lengthens series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.layer import Example
from engine.layers.transposed_convolution import TransposedConvolution
from engine.spec import param


class ConvTranspose1D(TransposedConvolution):
    """Lengthens a series with learned filters: every step paints each filter, times its value, onto a longer series.

    Formula: y[t · stride + k] += Σ x[c, t] · weight[c, f, k] for every step t and tap k, plus b[f].

    It is the gradient of a Conv1D, used forwards. ONNX: ConvTranspose. PyTorch: nn.ConvTranspose1d.

    Use it to bring a series back to the length that it had before it was shortened. Avoid it where a pattern of
    stripes would harm: Upsample and a convolution leave none.
    """

    rank: ClassVar[int] = 1
    kernel: int = param("How many steps a filter has.", default=3, min=1, max=1024)
    stride: int = param("How many times longer.", default=2, min=1, max=1024)
    padding: str = param(
        "What becomes of the ends: same makes the length times the stride, valid keeps all, explicit cuts border off.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: int = param(
        "What is cut off at either end, where padding is explicit.", default=1, min=0, max=1024, advanced=True
    )
    dilation: int = param("Distance between two neighbours within a filter.", default=1, min=1, max=1024, advanced=True)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((4, 3),))
        yield Example(cls(filters=6, padding="valid", use_bias=False), ((3, 2),))
        yield Example(cls(filters=2, kernel=1, stride=3), ((2, 2),))
        yield Example(cls(filters=2, padding="explicit", border=2, dilation=2), ((3, 2),))
        yield Example(cls(filters=1, kernel=2, stride=1), ((3, 2),))
