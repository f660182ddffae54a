"""The loops over time of a GRU. All arrays are time first: (T, N, ...).

Inside, the gates lie in the order m, r, z, n, where m is U h + c of n: what the states are multiplied by (m, r, z) are
neighbours, and so are those with a sigmoid (r, z) and those that the inputs feed (r, z, n). The halves of the sigmoids are in
the weights, see `curves.halved_sigmoid_calls`.

The gradient d of a state makes those of all gates and of the state before by products with factors that are known beforehand:
n: a = (1 - z)(1 - n²); z: (h - n) z (1 - z); r: a m r (1 - r); m: a r. So these are computed for several steps at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.curves import halved_sigmoid_calls
from engine.kernels.gates import HALF, Order
from engine.kernels.memory import constant, ones
from engine.kernels.products import steps as product_steps
from engine.kernels.spans import at_once, backwards, spans_back

ORDER: Order = (  # m, r, z of PyTorch's r, z, n
    (slice(0, 1), slice(2, 3), (1,)),
    (slice(1, 3), slice(0, 2), (HALF, HALF)),
)
FED: Order = ((slice(0, 3), slice(0, 3), (HALF, HALF, 1)),)  # r, z, n, that the inputs feed, in PyTorch's order


def add_biases(bias: Array, state_bias: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write what is added to r, z and n, as `gates.scale` does weights; all are (3, H)."""
    yield partial(np.add, bias[:2], state_bias[:2], out[:2])
    yield partial(np.multiply, out[:2], constant(HALF, out.dtype), out[:2])
    yield partial(np.copyto, out[2], bias[2])


def forward(fed: Array, gates: Array, weights: Array, h: Array, work: Array) -> Iterator[Run]:
    """Yield the calls that run over time.

    `fed` (4, T, N, H) holds c and what the inputs add to r, z and n; `gates` (T, 4, N, H) gets m, r, z and n, and without
    a way back need be no longer than one step.
    `weights` are (3, H, J, H/J), see `products.columns`. `h` (T + 1, N, H) begins with zeros; `work` is (3, N, H).
    """
    multiply = product_steps(weights, work)  # (N, H) @ (3, H, H) -> (3, N, H)
    sums, states = work.reshape(3, -1), h.reshape(len(h), -1)
    for t, (before, state) in enumerate(pairwise(states)):
        flat, given = gates[t % len(gates)].reshape(4, -1), fed[:, t].reshape(4, -1)
        if t:
            yield multiply(h[t])
            yield partial(np.add, sums, given[:3], flat[:3])
        else:
            yield partial(np.copyto, flat[:3], given[:3])
        yield from _step(flat, given[3], before, state)


def _step(gates: Array, given: Array, before: Array, state: Array) -> Iterator[Run]:
    """Yield what becomes of the sums (m, r, z) of one step: n = tanh(given + r m), state = (1 - z) n + z before."""
    m, r, z, n = gates
    both = gates[1:3].reshape(-1)
    yield from halved_sigmoid_calls(both, both)
    yield partial(np.multiply, r, m, n)
    yield partial(np.add, n, given, n)
    yield partial(np.tanh, n, n)
    yield partial(np.subtract, before, n, state)
    yield partial(np.multiply, state, z, state)
    yield partial(np.add, state, n, state)


def backward(
    grads: Array, weights: Array, gates: Array, h: Array, grad_h: Array, whole: Array | None, work: Array, some: Array
) -> Iterator[Run]:
    """Yield the calls that run back over time and write the gradients of the gates into `grads` (4, T, N, H).

    `weights` are (3, H, J, H/J), `gates` are overwritten. `grad_h` (N, H) is the gradient of the last state, or 0 where
    `whole` (T, N, H) has that of every state. `work` is (4, N, H), `some` (3, S, N, H).
    """
    multiply = product_steps(weights, work[:3])  # (3, N, H) @ (3, H, H) -> (3, N, H)
    add_up, parts, d = ones(4, grads.dtype), work.reshape(4, -1), grad_h.reshape(-1)
    for span in spans_back(len(gates), at_once(some.shape[1], d.size)):
        room = some.reshape(-1)[: 3 * (span.stop - span.start) * d.size].reshape(3, -1, d.size)
        yield from _factors(gates[span].reshape(-1, 4, d.size), h[span].reshape(-1, d.size), *room)
        for t in backwards(span):
            if whole is not None:
                yield partial(np.add, grad_h, whole[t], grad_h)
            yield partial(np.multiply, d, gates[t].reshape(4, -1), grads[:, t].reshape(4, -1))
            if t:
                yield partial(np.multiply, d, room[0, t - span.start], parts[3])
                yield multiply(grads[:3, t])
                yield partial(add_up.dot, parts, d)  # (4,) @ (4, N·H) -> (N·H,)


def _factors(gates: Array, before: Array, z: Array, work: Array, rest: Array) -> Iterator[Run]:
    """Yield the calls that turn gates (S, 4, N·H) into factors and keep `z`; the others are (S, N·H)."""
    one, (m, r, both, n) = constant(1, gates.dtype), gates.swapaxes(0, 1)
    yield partial(np.copyto, z, both)
    yield partial(np.subtract, one, z, rest)
    yield partial(np.subtract, before, n, work)
    yield partial(np.multiply, work, z, work)
    yield partial(np.multiply, work, rest, both)
    yield partial(np.multiply, n, n, work)
    yield partial(np.subtract, one, work, work)
    yield partial(np.multiply, work, rest, n)
    yield partial(np.subtract, one, r, rest)
    yield partial(np.multiply, rest, r, rest)
    yield partial(np.multiply, rest, m, rest)
    yield partial(np.multiply, r, n, m)
    yield partial(np.multiply, rest, n, r)
