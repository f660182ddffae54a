"""The loops over time of an LSTM. All arrays are time first: (T, N, ...).

Inside, the gates lie in the order g, f, i, o. So those with a sigmoid are neighbours (f, i, o), and so are those that feed the
cell (g, f, i); behind the cell's state c, g stands beside it as f and i do: c f + g i is one product and one sum.
sigmoid(a) = (tanh(a / 2) + 1) / 2, and the halves are in the weights: one tanh does all four gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.gates import HALF, Order
from engine.kernels.memory import constant
from engine.kernels.products import steps as product_steps
from engine.kernels.products import summed_steps
from engine.kernels.spans import at_once, backwards, spans_back

ORDER: Order = (  # g, f, i, o of PyTorch's i, f, g, o
    (slice(0, 3), slice(2, None, -1), (1, HALF, HALF)),
    (slice(3, 4), slice(3, 4), (HALF,)),
)
PLACES = 5  # of `cells` at a step: c before it, g, f, i, o


def add_biases(one: Array, other: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write the sum of two biases (4·H) into `out` (4, ...), as `gates.scale` does weights."""
    for ours, theirs, _ in ORDER:
        yield partial(np.add, one.reshape(out.shape)[theirs], other.reshape(out.shape)[theirs], out[ours])
    yield partial(np.multiply, out[1:], constant(HALF, out.dtype), out[1:])


def forward(
    inputs: Array,
    weights: Array,
    states: Array,
    cells: Array,
    tanh_c: Array,
    work: Array,
    meet: Sequence[Run] = (),
) -> Iterator[Run]:
    """Yield the calls that run over time.

    They compute U of the H units: all, unless others compute the rest; then `meet` waits for these.

    `inputs` (T + 1, N, H + F + 1) holds at each step the state before it, x and 1; the run fills those of its U units,
    `states`, after the first.
    `weights` are (4, H + F + 1, J, U/J), see `products.columns`. `cells` (T + 1, PLACES, N, U) begins with the first c.
    Without a way back, two steps of `cells` and one of `tanh_c` (T, N, U) do, which are used in turn. `work` is flat with
    6·N·U values.
    """
    (_, n, width), places = tanh_c.shape, cells.reshape(len(cells), PLACES, -1)
    sums, pair = work[: 4 * n * width], work[4 * n * width :].reshape(2, -1)
    multiply = product_steps(weights, sums.reshape(4, n, width))  # (N, K) @ (4, K, U) -> (4, N, U)
    for t in range(len(inputs) - 1):
        here, then, tanh = places[t % len(cells)], places[(t + 1) % len(cells)], tanh_c[t % len(tanh_c)]
        c, slope, sigmoids = then[0], tanh.reshape(-1), here[2:].reshape(-1)
        yield multiply(inputs[t])
        yield partial(np.tanh, sums, here[1:].reshape(-1))
        yield partial(np.multiply, sigmoids, constant(HALF, cells.dtype), sigmoids)
        yield partial(np.add, sigmoids, constant(HALF, cells.dtype), sigmoids)
        yield partial(np.multiply, here[:2], here[2:4], pair)
        yield partial(np.add, *pair, c)
        yield partial(np.tanh, c, slope)
        yield partial(np.multiply, here[4].reshape(tanh.shape), tanh, states[t + 1])
        yield from meet


def backward(
    grads: Array,
    own: Array,
    recurrent: Array,
    cells: Array,
    tanh_c: Array,
    come: Array,
    few: Array,
    some: Array,
    meet: Sequence[Run] = (),
) -> Iterator[Run]:
    """Yield the calls that run back over time and write the gradients of the gates into `own` (T, 4, N, U).

    That lies within `grads` (T, N, 4·H), in PyTorch's order of gates: i, f, g, o. Of U units and of `meet` see `forward`.
    `recurrent` is (D, 4·H/D, J, U/J), see `products.summed_steps`. `come` is the gradient of every state, (T, N, U), or of
    the last, (1, N, U): each is read before the step's gradients are written.
    `few` is (7, N, U); `some` (6, S, N, U) has room for what S steps do together. `tanh_c` is overwritten.
    """
    count, slopes = len(tanh_c), tanh_c.reshape(len(tanh_c), -1)
    (grad_h, grad_c, _), (h, c, part) = few[:3], few[:3].reshape(3, -1)
    multiply = summed_steps(recurrent, grad_h, few[3:])  # (N, 4·H) @ (4·H, U) -> (N, U)
    yield partial(np.copyto, grad_h, come[-1])
    yield partial(c.fill, 0)
    for span in spans_back(count, at_once(some.shape[1], h.size)):
        a, factors = some[:2, : span.stop - span.start], some[2:, : span.stop - span.start]
        yield from _factors(cells[span], tanh_c[span], a, factors)
        for t in backwards(span):
            g_f_i_o = factors[:, t - span.start]
            if t < len(come) - 1:
                yield partial(np.add, grad_h, come[t], grad_h)
            yield partial(np.multiply, h, slopes[t], part)
            yield partial(np.add, c, part, c)
            yield partial(np.multiply, grad_c, g_f_i_o[:3], own[t, 2::-1])
            yield partial(np.multiply, grad_h, g_f_i_o[3], own[t, 3])
            if t:
                yield from meet
                yield partial(np.multiply, c, cells[t, 2].reshape(-1), c)
                yield multiply(grads[t])


def _factors(cells: Array, tanh_c: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write into `out` (4, S, N, H) what the gradients of c (g, f, i) and h (o) are multiplied by.

    g: i (1 - g²); f: c f (1 - f) with c before the step; i: g i (1 - i); o: tanh(c) o (1 - o). `tanh_c` becomes that of h in
    c, o (1 - tanh(c)²). `work` is (2, S, N, H).
    """
    one, a, places = constant(1, out.dtype), work[0], cells.swapaxes(0, 1)
    fed, feeding, (_, g, _, i, o) = places[:2], places[2:4], places
    yield from _slope(feeding, fed, work, out[1:3])
    yield partial(np.multiply, g, g, a)
    yield partial(np.subtract, one, a, a)
    yield partial(np.multiply, a, i, out[0])
    yield from _slope(o, tanh_c, a, out[3])
    yield partial(np.multiply, tanh_c, tanh_c, tanh_c)
    yield partial(np.subtract, one, tanh_c, tanh_c)
    yield partial(np.multiply, tanh_c, o, tanh_c)


def _slope(s: Array, factor: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write s (1 - s) · factor."""
    yield partial(np.multiply, s, s, work)
    yield partial(np.subtract, s, work, work)
    yield partial(np.multiply, work, factor, out)
