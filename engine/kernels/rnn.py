"""The loops over time of a simple recurrent layer. All arrays are time first: (T, N, ...)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.arrays import Array


def forward(h: Array, recurrent: Array, rectify: bool, part: Array) -> None:
    """Run over time. `h` (T + 1, N, H) begins with the state before the first step; then come the sums of the inputs.

    Each becomes the state after its step: tanh, or max(0, ·). `recurrent` is (H, H), `part` (N, H) a work array.
    """
    for before, state in pairwise(h):
        before.dot(recurrent, part)  # (N, H) @ (H, H) -> (N, H)
        np.add(state, part, state)
        if rectify:
            np.maximum(state, 0, out=state)
        else:
            np.tanh(state, state)


def backward(
    h: Array, recurrent: Array, rectify: bool, grads: Array, grad_h: Array, whole: Array | None, part: Array
) -> None:
    """Run back over time; `grads` (T, N, H) gets the gradients of the sums.

    `grad_h` (N, H) is the gradient of the last state, or `whole` (T, N, H) that of every state.
    """
    if rectify:
        np.greater(h[1:], 0, out=grads)
    else:
        np.multiply(h[1:], h[1:], out=grads)
        np.subtract(1, grads, out=grads)
    for t in range(len(grads) - 1, -1, -1):
        if whole is not None:
            np.add(grad_h, whole[t], grad_h)
        np.multiply(grads[t], grad_h, grads[t])
        grads[t].dot(recurrent, part)  # (N, H) @ (H, H) -> (N, H)
        np.copyto(grad_h, part)
