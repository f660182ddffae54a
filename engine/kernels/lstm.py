"""The loops over time of an LSTM. All arrays are time first: (T, N, ...).

Gates lie in the order g, i, f, o inside, so that those with a sigmoid are neighbours (i, f, o) and so are those that feed
the cell (g, i, f). sigmoid(a) = (tanh(a / 2) + 1) / 2, and the halves are in the weights: one tanh does all four gates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Array

ORDER = (2, 0, 1, 3)  # where g, i, f, o stand in PyTorch's i, f, g, o


def arrange(weight: Array, out: Array) -> None:
    """Copy weights (4·H, ...) from PyTorch's order of gates into ours."""
    gates, inner = weight.reshape(4, -1, *weight.shape[1:]), out.reshape(4, -1, *weight.shape[1:])
    for place, gate in enumerate(ORDER):
        np.copyto(inner[place], gates[gate])


def turn(weight: Array, out: Array) -> None:
    """Copy weights (4·H, F) into our order of gates as (F, 4·H), with the halves of the sigmoids.

    With few rows, a product with (F, 4·H) takes two thirds of the time of one with a transposed (4·H, F).
    """
    gates, inner = weight.reshape(4, -1, weight.shape[-1]), out.reshape(weight.shape[-1], 4, -1)
    for place, gate in enumerate(ORDER):
        np.multiply(gates[gate].T, 1.0 if gate == 2 else 0.5, out=inner[:, place])


def rearrange(inner: Array, out: Array) -> None:
    """Copy gradients (4·H, ...) back into PyTorch's order of gates."""
    gates, target = inner.reshape(4, -1, *out.shape[1:]), out.reshape(4, -1, *out.shape[1:])
    for place, gate in enumerate(ORDER):
        target[gate] = gates[place]


def forward(gates: Array, recurrent: Array, h: Array, c: Array, tanh_c: Array, work: Array) -> None:
    """Run over time. `gates` (T, N, 4·H) holds what the inputs add to the gates, then the gates.

    `h` and `c` (T + 1, N, H) begin with the state before the first step. `recurrent` is (H, 4·H),
    `work` flat with 5·N·H values.
    """
    steps, n, width = tanh_c.shape
    z, part = work[: 4 * n * width].reshape(n, -1), work[4 * n * width :].reshape(n, -1)
    split = gates.reshape(steps, n, 4, width)
    for gate, (g, i, f, o), ifo, before, h_new, c_before, c_new, t in zip(
        gates, split.transpose(0, 2, 1, 3), split[:, :, 1:], h, h[1:], c, c[1:], tanh_c, strict=False
    ):
        before.dot(recurrent, z)  # (N, H) @ (H, 4·H) -> (N, 4·H)
        np.add(gate, z, gate)
        np.tanh(gate, gate)
        np.multiply(ifo, 0.5, ifo)
        np.add(ifo, 0.5, ifo)
        np.multiply(f, c_before, c_new)
        np.multiply(i, g, part)
        np.add(c_new, part, c_new)
        np.tanh(c_new, t)
        np.multiply(o, t, h_new)


def prepare(gates: Array, c: Array, tanh_c: Array, forget: Array, u: Array, v: Array) -> None:
    """Replace the gates by what the gradients of c (g, i, f) and h (o) are multiplied by, and tanh(c) by that of h in c.

    g: i (1 - g²); i: g i (1 - i); f: c f (1 - f) with c before the step; o: tanh(c) o (1 - o); tanh(c): o (1 - tanh(c)²).
    `forget` gets a copy of f. `u` and `v` are work arrays of some steps: so many are done at once.
    """
    steps, n, width = tanh_c.shape
    split = gates.reshape(steps, n, 4, width).transpose(2, 0, 1, 3)
    for start in range(0, steps, len(u)):
        span = slice(start, start + len(u))
        g, i, f, o = split[:, span]
        t, before = tanh_c[span], c[:-1][span]
        a, b = u[: len(t)], v[: len(t)]
        np.copyto(forget[span], f)
        _curve(f, before, a, f)
        _curve(i, g, a, b)
        np.multiply(g, g, a)
        np.subtract(1, a, a)
        np.multiply(a, i, g)
        np.copyto(i, b)
        np.multiply(t, t, a)
        np.subtract(1, a, a)
        np.multiply(a, o, a)
        _curve(o, t, b, o)
        np.copyto(t, a)


def _curve(s: Array, factor: Array, work: Array, out: Array) -> None:
    """Write s (1 - s) · factor; `out` may be `s`."""
    np.multiply(s, s, work)
    np.subtract(s, work, work)
    np.multiply(work, factor, out)


def backward(
    gates: Array,
    recurrent: Array,
    c_slope: Array,
    forget: Array,
    grad_h: Array,
    whole: Array | None,
    work: Sequence[Array],
) -> None:
    """Run back over time. `gates` holds what `prepare` made, then the gradients of the gates.

    `grad_h` (N, H) is the gradient of the last state, or `whole` (T, N, H) that of every state. `work` are two arrays (N, H).
    """
    steps, n, width = c_slope.shape
    grad_c, part = work
    grad_c[...] = 0
    split = gates.reshape(steps, n, 4, width)
    along = grad_c[:, None]
    for t in range(steps - 1, -1, -1):
        gif, o = split[t, :, :3], split[t, :, 3]
        if whole is not None:
            np.add(grad_h, whole[t], grad_h)
        np.multiply(grad_h, c_slope[t], part)
        np.add(grad_c, part, grad_c)
        np.multiply(along, gif, gif)
        np.multiply(grad_h, o, o)
        np.multiply(grad_c, forget[t], grad_c)
        gates[t].dot(recurrent, grad_h)  # (N, 4·H) @ (4·H, H) -> (N, H)
