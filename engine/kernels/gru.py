"""The loops over time of a GRU. All arrays are time first: (T, N, ...); gates lie in PyTorch's order r, z, n.

sigmoid(a) = (tanh(a / 2) + 1) / 2, and the halves are in the weights that `turn` makes.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array


def turn(weight: Array, out: Array) -> None:
    """Copy weights (3·H, F) as (F, 3·H), with the halves of the two sigmoids."""
    both = 2 * len(weight) // 3
    np.multiply(weight[:both].T, 0.5, out=out[:, :both])
    out[:, both:] = weight[both:].T


def forward(gates: Array, recurrent: Array, shift: Array, h: Array, hidden: Array, part: Array) -> None:
    """Run over time. `gates` (T, N, 3·H) holds what the inputs add to the gates, then the gates.

    `h` (T + 1, N, H) begins with the state before the first step. `recurrent` is (H, 3·H); `shift` (H,) is added to what
    it makes for n, which `hidden` (T, N, 3·H) keeps. `part` (N, H) is a work array.
    """
    width = part.shape[1]
    for gate, inner, before, after in zip(gates, hidden, h, h[1:], strict=False):
        r, z, n = (gate[:, k * width : (k + 1) * width] for k in range(3))
        both, new = gate[:, : 2 * width], inner[:, 2 * width :]
        before.dot(recurrent, inner)  # (N, H) @ (H, 3·H) -> (N, 3·H)
        np.add(both, inner[:, : 2 * width], both)
        np.tanh(both, both)
        np.multiply(both, 0.5, both)
        np.add(both, 0.5, both)
        np.add(new, shift, new)
        np.multiply(r, new, part)
        np.add(n, part, n)
        np.tanh(n, n)
        np.subtract(before, n, part)
        np.multiply(part, z, part)
        np.add(part, n, after)


def prepare(gates: Array, hidden: Array, h: Array, u: Array, v: Array) -> None:
    """Replace each gate by what the gradient of h (z, n) or of n (r) is multiplied by to give that of its sum.

    z: (h - n) z (1 - z) with h before the step; n: (1 - z) (1 - n²); r: hidden n · r (1 - r). Then `hidden` keeps z in its
    first part and r in its last. `u` and `v` are work arrays of some steps: so many are done at once.
    """
    steps, width = len(gates), h.shape[2]
    for start in range(0, steps, len(u)):
        span = slice(start, start + len(u))
        r, z, n = (gates[span, :, k * width : (k + 1) * width] for k in range(3))
        kept_z, new = hidden[span, :, :width], hidden[span, :, 2 * width :]
        a, b = u[: len(r)], v[: len(r)]
        np.subtract(1, r, a)
        np.multiply(a, r, a)
        np.multiply(a, new, a)
        np.copyto(new, r)
        np.copyto(r, a)
        np.copyto(kept_z, z)
        np.subtract(1, z, b)
        np.subtract(h[:-1][span], n, a)
        np.multiply(a, z, a)
        np.multiply(a, b, z)
        np.multiply(n, n, n)
        np.subtract(1, n, n)
        np.multiply(n, b, n)


def backward(gates: Array, hidden: Array, recurrent: Array, grad_h: Array, whole: Array | None, part: Array) -> None:
    """Run back over time. `gates` and `hidden` hold what `prepare` made, then the gradients of both sums.

    `recurrent` is (3·H, H). `grad_h` (N, H) is the gradient of the last state, or `whole` (T, N, H) that of every state.
    """
    width = grad_h.shape[1]
    for t in range(len(gates) - 1, -1, -1):
        gate, inner = gates[t], hidden[t]
        r, z, n = (gate[:, k * width : (k + 1) * width] for k in range(3))
        kept_z, new = inner[:, :width], inner[:, 2 * width :]
        if whole is not None:
            np.add(grad_h, whole[t], grad_h)
        np.multiply(z, grad_h, z)
        np.multiply(n, grad_h, n)
        np.multiply(r, n, r)
        np.multiply(new, n, new)
        np.multiply(grad_h, kept_z, grad_h)
        np.copyto(inner[:, : 2 * width], gate[:, : 2 * width])
        inner.dot(recurrent, part)  # (N, 3·H) @ (3·H, H) -> (N, H)
        np.add(grad_h, part, grad_h)
