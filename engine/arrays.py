"""The names that the engine has for arrays and their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]
Shape = tuple[int, ...]  # of one sample: without the batch axis
Shapes = Mapping[str, Shape]
Generator = np.random.Generator

ALIGNMENT = 64  # bytes: a cache line, and the widest register


def aligned(count: int, dtype: Any = np.float32) -> Array:
    """Return a vector of zeros that begins at a cache line.

    NumPy's own begin anywhere, and sums and products of such take up to twice as long.
    """
    size = count * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    skip = -raw.ctypes.data % ALIGNMENT
    return raw[skip : skip + size].view(dtype)


def describe(shape: Shape) -> str:
    """Return a shape as the window writes it: `16 × 8 × 8`; a single value is `1`."""
    return " × ".join(map(str, shape)) if shape else "1"
