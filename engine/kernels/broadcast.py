"""Values that are repeated along an axis of size 1, and the way back."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def room_for(grad: Array, work: Array) -> Array:
    """Return where a gradient of the whole shape can be written: `grad` itself where nothing was repeated, else `work`."""
    return grad if grad.shape == work.shape else work


def gather_back(whole: Array, grad: Array) -> None:
    """Add up in `grad` what belongs to each of its values; nothing happens where `whole` is `grad` itself."""
    if whole is grad:
        return
    axes = tuple(axis for axis, size in enumerate(grad.shape) if size == 1 and whole.shape[axis] > 1)
    np.sum(whole, axis=axes, keepdims=True, out=grad)
