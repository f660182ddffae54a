"""The pixels along one side of an image, sorted by what their places leave when divided by the stride of a filter.

Each tap of a filter that moves by s pixels touches every s-th one. Once those lie side by side, it moves by one of them.
Vaidyanathan, 1993: polyphase components.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd


@dataclass(frozen=True)
class Phase:
    """The pixels that share a remainder, and the taps that touch them. Places are counted among them, padding included."""

    pixels: slice  # of the image
    begin: int  # the place of the first of these pixels
    count: int  # of these pixels
    taps: slice  # of the filter
    offset: int  # the place that the first of these taps touches at the first window
    step: int  # from there to that of the next tap


@lru_cache(maxsize=4096)
def phases(size: int, kernel: int, stride: int, before: int, dilation: int) -> tuple[Phase, ...]:
    """Return the phases of a side of `size` pixels with `before` zeros before it, one for each remainder."""
    return tuple(_phase(remainder, size, kernel, stride, before, dilation) for remainder in range(stride))


def _phase(remainder: int, size: int, kernel: int, stride: int, before: int, dilation: int) -> Phase:
    start = (remainder - before) % stride
    pixels = slice(start, size, stride)
    apart = stride // gcd(stride, dilation)
    first = next((tap for tap in range(min(apart, kernel)) if tap * dilation % stride == remainder), kernel)
    count = len(range(size)[pixels])
    taps = slice(first, kernel, apart)
    return Phase(
        pixels, (start + before) // stride, count, taps, first * dilation // stride, apart * dilation // stride
    )
