"""The loops over time of plain and gated recurrent layers. All arrays are time first: (T, N, ...).

The weights of the states come as `products.columns` lays them out.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from engine.arrays import Array
from engine.kernels.curves import sigmoid
from engine.kernels.products import steps as product_steps


def plain_forward(h: Array, across: Array, tanh: bool, work: Array) -> None:
    """Run h = f(a + W h) over time. `h` (T + 1, N, H) holds the first state, then a; `across` is Wᵀ, (H, H), in order.

    `work` is (N, H).
    """
    multiply = product_steps(across, work)  # (N, H) @ (H, H) -> (N, H)
    for before, state in pairwise(h):
        multiply(before)
        np.add(state, work, out=state)
        (np.tanh(state, out=state) if tanh else np.maximum(state, 0, out=state))


def plain_backward(h: Array, recurrent: Array, tanh: bool, grad: Array, arriving: Array, whole: Array | None) -> None:
    """Run back over time and write the gradients before f into `grad` (T, N, H).

    `arriving` (N, H) is the gradient of the last state, or 0 where `whole` (T, N, H) has that of every state.
    """
    multiply = product_steps(recurrent, arriving)  # (N, H) @ (H, H) -> (N, H)
    for t in range(len(grad) - 1, -1, -1):
        if whole is not None:
            np.add(arriving, whole[t], out=arriving)
        state, out = h[t + 1], grad[t]
        if tanh:
            np.multiply(state, state, out=out)
            np.subtract(1, out, out=out)
        else:
            np.greater(state, 0, out=out)
        np.multiply(out, arriving, out=out)
        multiply(out)


def gated_forward(gates: Array, across: Array, bias: Array, h: Array, inner: Array, work: Array) -> None:
    """Run a GRU over time. `gates` (T, N, 3·H) holds what the inputs add to r, z and n, then r, z and n.

    `across` is Wᵀ of the states, (H, 3·H), in order. `h` (T + 1, N, H) begins with the first state, `inner` (T, N, H) gets
    W h + b of n, `work` is (N, 3·H).
    """
    width, multiply = h.shape[-1], product_steps(across, work)  # (N, H) @ (H, 3·H) -> (N, 3·H)
    for gate, before, state, new in zip(gates, h, h[1:], inner, strict=False):
        multiply(before)
        np.add(work, bias, out=work)
        np.copyto(new, work[:, 2 * width :])
        both, n = gate[:, : 2 * width], gate[:, 2 * width :]
        np.add(both, work[:, : 2 * width], out=both)
        sigmoid(both, both)
        r, z = gate[:, :width], gate[:, width : 2 * width]
        np.multiply(r, new, out=state)
        np.add(n, state, out=n)
        np.tanh(n, out=n)
        np.subtract(before, n, out=state)
        np.multiply(state, z, out=state)
        np.add(state, n, out=state)  # (1 - z) n + z h


def gated_backward(
    gates: Array, recurrent: Array, h: Array, inner: Array, work: Array, arriving: Array, whole: Array | None
) -> None:
    """Run back over time: `gates` get the gradients of what the inputs added, `inner` those of W h + b of n.

    `work` is flat with 4·N·H values; `arriving` and `whole` as in `plain_backward`.
    """
    width, rows = h.shape[-1], len(arriving)
    both, part = work[: -rows * width].reshape(rows, -1), work[-rows * width :].reshape(rows, -1)
    multiply = product_steps(recurrent, part)  # (N, 3·H) @ (3·H, H) -> (N, H)
    for t in range(len(gates) - 1, -1, -1):
        if whole is not None:
            np.add(arriving, whole[t], out=arriving)
        r, z, n = (gates[t][:, i * width : (i + 1) * width] for i in range(3))
        grad_r, grad_z, grad_new = (both[:, i * width : (i + 1) * width] for i in range(3))
        np.subtract(h[t], n, out=grad_z)
        _slope(z, grad_z, arriving, part)
        np.multiply(n, n, out=n)
        np.subtract(1, n, out=n)
        np.multiply(n, arriving, out=n)
        np.multiply(arriving, z, out=arriving)
        np.subtract(1, z, out=part)
        np.multiply(n, part, out=n)  # the gradient before the tanh
        np.multiply(n, r, out=grad_new)
        np.copyto(grad_r, inner[t])
        _slope(r, grad_r, n, part)
        np.copyto(inner[t], grad_new)
        np.copyto(r, grad_r)
        np.copyto(z, grad_z)
        multiply(both)
        np.add(arriving, part, out=arriving)


def _slope(gate: Array, out: Array, grad: Array, work: Array) -> None:
    """Multiply `out` by the gradient and by the slope s (1 - s) of a gate."""
    np.multiply(out, grad, out=out)
    np.multiply(out, gate, out=out)
    np.subtract(1, gate, out=work)
    np.multiply(out, work, out=out)
