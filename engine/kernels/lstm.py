"""The loops over time of an LSTM. All arrays are time first: (T, N, ...).

Inside, the gates lie in the order g, f, i, o. So those with a sigmoid are neighbours (f, i, o), and so are those that feed the
cell (g, f, i); behind the cell's state c, g stands beside it as f and i do: c f + g i is one product and one sum.
sigmoid(a) = (tanh(a / 2) + 1) / 2, and the halves are in the weights: one tanh does all four gates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant
from engine.kernels.products import steps as product_steps

ORDER = (2, 1, 0, 3)  # where g, f, i, o stand in PyTorch's i, f, g, o
PLACES = 5  # of `cells` at a step: c before it, g, f, i, o


def turn(weight: Array, out: Array) -> None:
    """Copy weights (4·H, F) into our order of gates as (4, F, J, H/J), with the halves of the sigmoids."""
    gates = weight.reshape(4, -1, weight.shape[-1])
    for inner, gate in zip(out, ORDER, strict=True):
        np.multiply(gates[gate].T.reshape(inner.shape), 1.0 if gate == 2 else 0.5, out=inner)


def arrange(weight: Array, out: Array) -> None:
    """Copy weights (4·H, ...) from PyTorch's order of gates into ours; `out` may have more axes."""
    gates, inner = weight.reshape(4, -1, *out.shape[1:]), out.reshape(4, -1, *out.shape[1:])
    for place, gate in enumerate(ORDER):
        np.copyto(inner[place], gates[gate])


def rearrange(inner: Array, out: Array) -> None:
    """Copy gradients (4·H, ...) back into PyTorch's order of gates."""
    gates, target = inner.reshape(4, -1, *out.shape[1:]), out.reshape(4, -1, *out.shape[1:])
    for place, gate in enumerate(ORDER):
        np.copyto(target[gate], gates[place])


def forward(inputs: Array, weights: Array, cells: Array, tanh_c: Array, work: Array) -> Run:
    """Return a function that runs over time.

    `inputs` (T + 1, N, H + F + 1) holds at each step the state before it, x and 1; the run fills the states after the first.
    `weights` are (4, H + F + 1, J, H/J), see `products.columns`. `cells` (T + 1, PLACES, N, H) begins with the first c.
    `work` is flat with 6·N·H values.
    """
    count, n, width = tanh_c.shape
    flat, half = cells.reshape(count + 1, PLACES, -1), constant(0.5, cells.dtype)
    z, pair = work[: 4 * n * width].reshape(4, n, width), work[4 * n * width :].reshape(2, -1)
    multiply = product_steps(weights, z)  # (N, K) @ (4, K, H) -> (4, N, H)
    before, (kept, added) = z.reshape(4, -1), pair
    each = [
        (inputs[t], here, flat[t + 1, 0], tanh_c[t].reshape(-1), cells[t, 4], tanh_c[t], inputs[t + 1, :, :width])
        for t, here in enumerate(flat[:-1])
    ]
    views = [(row, here[1:], here[2:], here[:2], here[2:4], *rest) for row, here, *rest in each]

    def run() -> None:
        for row, gates, sigmoids, fed, feeding, c, t, o, t_rows, h in views:
            multiply(row)
            np.tanh(before, gates)
            np.multiply(sigmoids, half, sigmoids)
            np.add(sigmoids, half, sigmoids)
            np.multiply(fed, feeding, pair)
            np.add(kept, added, c)
            np.tanh(c, t)
            np.multiply(o, t_rows, h)

    return run


def backward(
    grads: Array,
    recurrent: Array,
    tanh_c: Array,
    cells: Array,
    grad_h: Array,
    whole: Array | None,
    work: Array,
    some: Array,
) -> Run:
    """Return a function that runs back over time and writes the gradients of the gates into `grads` (T, N, 4·H).

    `recurrent` is (4·H, J, H/J), see `products.columns`. `grad_h` (N, H) is the gradient of the last state, or `whole`
    (T, N, H) that of every state.
    `work` is (2, N, H); `some` (6, S, N, H) has room for what S steps do together. `tanh_c` is overwritten.
    """
    count, n, width = tanh_c.shape
    grad_c, part = work
    multiply = product_steps(recurrent, grad_h)  # (N, 4·H) @ (4·H, H) -> (N, H)
    split = grads.reshape(count, n, 4, width).swapaxes(1, 2)

    def step(t: int, factors: Array) -> tuple[Array | None, Array, Array, Array, Array, Array, Array, Array]:
        arriving = None if whole is None else whole[t]
        return (arriving, tanh_c[t], factors[:3], split[t, :3], factors[3], split[t, 3], cells[t, 2], grads[t])

    def steps(first: int) -> tuple[Run, list[Any]]:
        span = slice(first, min(first + some.shape[1], count))
        a, factors = some[:2, : span.stop - first], some[2:, : span.stop - first]
        order = reversed(range(first, span.stop))
        return _factors(cells[span], tanh_c[span], a, factors), [step(t, factors[:, t - first]) for t in order]

    each = [steps(first) for first in reversed(range(0, count, some.shape[1]))]

    def run() -> None:
        grad_c[...] = 0
        for prepare, several in each:
            prepare()
            for arriving, slope, gfi, grad_gfi, o, grad_o, forget, row in several:
                if arriving is not None:
                    np.add(grad_h, arriving, grad_h)
                np.multiply(grad_h, slope, part)
                np.add(grad_c, part, grad_c)
                np.multiply(grad_c, gfi, grad_gfi)
                np.multiply(grad_h, o, grad_o)
                np.multiply(grad_c, forget, grad_c)
                multiply(row)

    return run


def _factors(cells: Array, tanh_c: Array, work: Array, out: Array) -> Run:
    """Return a function that writes into `out` (4, S, N, H) what the gradients of c (g, f, i) and h (o) are multiplied by.

    g: i (1 - g²); f: c f (1 - f) with c before the step; i: g i (1 - i); o: tanh(c) o (1 - o). `tanh_c` becomes that of h in
    c, o (1 - tanh(c)²). `work` is (2, S, N, H).
    """
    one, a, places = constant(1, out.dtype), work[0], cells.swapaxes(0, 1)
    fed, feeding, (_, g, _, i, o) = places[:2], places[2:4], places

    def run() -> None:
        _slope(feeding, fed, work, out[1:3])
        np.multiply(g, g, a)
        np.subtract(one, a, a)
        np.multiply(a, i, out[0])
        _slope(o, tanh_c, a, out[3])
        np.multiply(tanh_c, tanh_c, tanh_c)
        np.subtract(one, tanh_c, tanh_c)
        np.multiply(tanh_c, o, tanh_c)

    return run


def _slope(s: Array, factor: Array, work: Array, out: Array) -> None:
    """Write s (1 - s) · factor."""
    np.multiply(s, s, work)
    np.subtract(s, work, work)
    np.multiply(work, factor, out)
